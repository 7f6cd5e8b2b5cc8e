import { servingFlags } from '@coracle/process/component-flags';
import {
  boolFlag,
  choiceFlag,
  defineFlags,
  durationFlag,
  intFlag,
  stringArrayFlag,
  stringFlag,
  stringSliceFlag,
} from '@coracle/process/flags';
import { auditFlags } from './chain/audit/flags.ts';
import { outsideTokenFlags } from './chain/authentication/flags.ts';
import { authorizationFileFlags } from './chain/authorization/flags.ts';
import { genericFlags } from './chain/serving/flags.ts';
import { featureFlags } from './feature-gates.ts';
import { fixedFlags } from './fixed-flags.ts';
import { parsePortRange } from './registry/services/port-range.ts';

const etcd = 'etcd';
const authentication = 'authentication';
const authorization = 'authorization';
const admission = 'admission';
const api = 'API enablement';
const metrics = 'metrics';
const misc = 'misc';

/** kube-apiserver's flags: upstream's names and meanings. Those for what can only be one way here take that way alone. */
export const apiServerFlags = defineFlags({
  ...genericFlags,

  profiling: boolFlag({ group: 'features', default: true, help: 'Whether /debug/flags is served.' }),
  'etcd-servers': stringSliceFlag({
    group: etcd,
    help: 'URLs of the etcd members to keep objects in (scheme://ip:port), comma separated. Required.',
  }),
  'etcd-cafile': stringFlag({
    group: etcd,
    help: "File with the authority that etcd's certificate is checked against. Unset, those the system trusts.",
  }),
  'etcd-certfile': stringFlag({
    group: etcd,
    help: 'File with the client certificate for etcd. Unset, none is shown.',
  }),
  'etcd-keyfile': stringFlag({ group: etcd, help: 'File with the private key of --etcd-certfile.' }),
  'etcd-prefix': stringFlag({
    group: etcd,
    default: '/registry',
    help: 'Prefix of all keys in etcd: only /registry.',
  }),
  'etcd-compaction-interval': durationFlag({
    group: etcd,
    default: 300_000,
    help: 'How often etcd is told to forget old revisions. 0 leaves that to others.',
  }),
  'etcd-healthcheck-timeout': durationFlag({
    group: etcd,
    default: 2_000,
    help: 'How long etcd may take to answer before /livez and /healthz fail.',
  }),
  'etcd-readycheck-timeout': durationFlag({
    group: etcd,
    default: 2_000,
    help: 'How long etcd may take to answer before /readyz fails.',
  }),
  'storage-backend': choiceFlag({
    group: etcd,
    default: 'etcd3',
    choices: ['etcd3'],
    help: 'What objects are kept in: only etcd3.',
  }),
  'storage-media-type': choiceFlag({
    group: etcd,
    default: 'application/json',
    choices: ['application/json'],
    help: 'In what form objects are kept: only application/json.',
  }),
  'event-ttl': durationFlag({ group: etcd, default: 3_600_000, help: 'How long events are kept.' }),
  'encryption-provider-config': stringFlag({
    group: etcd,
    help: 'File with the EncryptionConfiguration that says which resources are encrypted in etcd, and how. Unset, none is.',
  }),
  'encryption-provider-config-automatic-reload': boolFlag({
    group: etcd,
    help: 'Whether changes of --encryption-provider-config count while the server runs.',
  }),

  ...servingFlags({ port: 6443, required: true }),

  'permit-port-sharing': boolFlag({
    group: 'secure serving',
    help: 'Whether other processes may serve at the same address and port (SO_REUSEPORT).',
  }),

  ...auditFlags,
  ...featureFlags,

  'client-ca-file': stringFlag({
    group: authentication,
    help: 'File with the authorities of client certificates, which name the user (common name) and the groups (organizations). Unset, certificates are not looked at.',
  }),
  'anonymous-auth': boolFlag({
    group: authentication,
    default: true,
    help: 'Whether requests without credentials go on, as system:anonymous of group system:unauthenticated.',
  }),
  'token-auth-file': stringFlag({
    group: authentication,
    help: 'CSV file of fixed bearer tokens: token,user,uid,"groups". Unset, there are none.',
  }),
  'enable-bootstrap-token-auth': boolFlag({
    group: authentication,
    help: 'Let in holders of bootstrap tokens: Secrets of type bootstrap.kubernetes.io/token in kube-system. Nodes join with them.',
  }),
  'api-audiences': stringSliceFlag({
    group: authentication,
    help: 'Audiences this server answers to; a service account token must name one of them. By default each --service-account-issuer.',
  }),
  'service-account-issuer': stringArrayFlag({
    group: authentication,
    help: 'Issuer that service account tokens name. May be repeated: the first signs, all are accepted.',
  }),
  'service-account-jwks-uri': stringFlag({
    group: authentication,
    help: "URL (https://…) at which others find the keys that service account tokens are checked with. Unset, this server's own.",
  }),
  'service-account-key-file': stringArrayFlag({
    group: authentication,
    help: 'File with public or private keys (PEM) that service account tokens are checked with. May be repeated. Unset, no such token is accepted.',
  }),
  'service-account-signing-key-file': stringFlag({
    group: authentication,
    help: 'File with the private key that signs service account tokens; needs --service-account-issuer. With neither, none are made.',
  }),
  'service-account-max-token-expiration': durationFlag({
    group: authentication,
    help: 'Longest time a requested token is valid for; longer wishes are cut to this. Unset or 0 sets no limit.',
  }),
  'service-account-extend-token-expiration': boolFlag({
    group: authentication,
    default: true,
    help: 'Whether the tokens that pods mount stay valid for a year, for programs that read them once only.',
  }),
  'requestheader-client-ca-file': stringFlag({
    group: authentication,
    help: 'File with the authorities of authenticating proxies, which name the user in headers. Unset, such headers are ignored.',
  }),
  'requestheader-allowed-names': stringSliceFlag({
    group: authentication,
    help: "Common names that a proxy's certificate must have one of; empty allows all that --requestheader-client-ca-file signed.",
  }),
  'requestheader-username-headers': stringSliceFlag({
    group: authentication,
    help: 'Headers in which a proxy names the user, for instance X-Remote-User.',
  }),
  'requestheader-uid-headers': stringSliceFlag({
    group: authentication,
    help: "Headers in which a proxy gives the user's uid, for instance X-Remote-Uid.",
  }),
  'requestheader-group-headers': stringSliceFlag({
    group: authentication,
    help: "Headers in which a proxy lists the user's groups, for instance X-Remote-Group.",
  }),
  'requestheader-extra-headers-prefix': stringSliceFlag({
    group: authentication,
    help: 'Prefixes of headers in which a proxy says more about the user, for instance X-Remote-Extra-.',
  }),

  ...outsideTokenFlags,

  'authorization-mode': stringSliceFlag({
    group: authorization,
    default: ['AlwaysAllow'],
    help: 'Authorizers to ask, in order: ABAC, AlwaysAllow, AlwaysDeny, Node, RBAC, Webhook.',
  }),
  ...authorizationFileFlags,

  'enable-admission-plugins': stringSliceFlag({
    group: admission,
    help: 'Admission plugins to run beyond the default ones; they run in their fixed order, whatever the order here.',
  }),
  'disable-admission-plugins': stringSliceFlag({
    group: admission,
    help: 'Default admission plugins not to run.',
  }),
  'admission-control-config-file': stringFlag({
    group: admission,
    help: 'File with an AdmissionConfiguration: what admission plugins are told beyond flags. Unset, they are told nothing.',
  }),
  'default-not-ready-toleration-seconds': intFlag({
    group: admission,
    default: 300,
    help: 'Seconds that a pod which does not say tolerates a node that is not ready.',
  }),
  'default-unreachable-toleration-seconds': intFlag({
    group: admission,
    default: 300,
    help: 'Seconds that a pod which does not say tolerates a node that cannot be reached.',
  }),

  'runtime-config': stringSliceFlag({
    group: api,
    help: 'Which built-in APIs are served, key=true or key=false, comma separated: api/all, api/ga, api/beta, api/alpha, GROUP/VERSION (v1 for the core), GROUP/VERSION/RESOURCE. There are versions that are GA only.',
  }),
  'proxy-client-cert-file': stringFlag({
    group: api,
    help: 'File with the client certificate shown to extension servers, which believe whom this server names. Unset, none is shown.',
  }),
  'proxy-client-key-file': stringFlag({ group: api, help: 'File with the private key of --proxy-client-cert-file.' }),
  'aggregator-reject-forwarding-redirect': boolFlag({
    group: api,
    default: true,
    help: 'Whether redirects of extension servers are answered with an error, and not passed on to the client.',
  }),
  'enable-aggregator-routing': boolFlag({
    group: api,
    help: 'Whether extension servers and webhooks that are Services are reached at one of their endpoints; by default at the cluster IP, which needs kube-proxy beside this server.',
  }),
  'service-cluster-ip-range': stringFlag({
    group: api,
    default: '10.0.0.0/24',
    help: 'CIDR of the cluster addresses of Services; two, comma separated, for both IP families. Nodes and pods must be elsewhere.',
  }),
  'kubernetes-service-node-port': intFlag({
    group: api,
    help: 'Port of the nodes at which the Service kubernetes is reached as well. 0: it is of type ClusterIP.',
  }),
  'service-node-port-range': {
    ...stringFlag({
      group: api,
      default: '30000-32767',
      help: "Ports for Services of type NodePort, both ends included; keep the nodes' ephemeral ports out of it.",
    }),
    parse: (text: string) => parsePortRange(text).text,
  },

  'disabled-metrics': stringSliceFlag({
    group: metrics,
    help: 'Full names of metrics that are not shown.',
  }),
  'show-hidden-metrics-for-version': stringFlag({
    group: metrics,
    help: 'Version (the minor one before this) whose metrics that have been hidden since are shown. There are none.',
  }),
  'allow-privileged': boolFlag({ group: misc, help: 'Whether containers may be privileged.' }),
  'kubelet-certificate-authority': stringFlag({
    group: misc,
    help: "File with the authority that the kubelets' serving certificates are checked against. Unset, they are not checked.",
  }),
  'kubelet-client-certificate': stringFlag({
    group: misc,
    help: 'File with the client certificate for kubelets. Unset, none is shown.',
  }),
  'kubelet-client-key': stringFlag({ group: misc, help: 'File with the private key of --kubelet-client-certificate.' }),
  'kubelet-preferred-address-types': stringSliceFlag({
    group: misc,
    default: ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP'],
    help: "Which of a node's addresses to reach its kubelet by, best first.",
  }),

  ...fixedFlags,
});
