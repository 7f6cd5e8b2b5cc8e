import {
  boolFlag,
  defineFlags,
  durationFlag,
  intFlag,
  stringArrayFlag,
  stringFlag,
  stringSliceFlag,
} from '@coracle/process/flags';

const etcd = 'etcd';
const serving = 'secure serving';
const generic = 'generic';
const authentication = 'authentication';
const authorization = 'authorization';
const admission = 'admission';
const api = 'API enablement';
const misc = 'misc';

/** kube-apiserver's flags: upstream's names and meanings. A flag of upstream's that is not here is refused as unknown. */
export const apiServerFlags = defineFlags({
  'etcd-servers': stringSliceFlag({
    group: etcd,
    help: 'List of etcd servers to connect with (scheme://ip:port), comma separated.',
  }),
  'etcd-cafile': stringFlag({ group: etcd, help: 'SSL Certificate Authority file used to secure etcd communication.' }),
  'etcd-certfile': stringFlag({ group: etcd, help: 'SSL certification file used to secure etcd communication.' }),
  'etcd-keyfile': stringFlag({ group: etcd, help: 'SSL key file used to secure etcd communication.' }),
  'etcd-prefix': stringFlag({
    group: etcd,
    default: '/registry',
    help: 'The prefix to prepend to all resource paths in etcd. Only /registry is supported.',
  }),
  'etcd-compaction-interval': durationFlag({
    group: etcd,
    default: 300_000,
    help: 'The interval of compaction requests. If 0, the compaction request from apiserver is disabled.',
  }),
  'event-ttl': durationFlag({ group: etcd, default: 3_600_000, help: 'Amount of time to retain events.' }),

  'bind-address': stringFlag({
    group: serving,
    default: '0.0.0.0',
    help: 'The IP address on which to listen for the --secure-port port. The associated interface(s) must be reachable by the rest of the cluster, and by CLI/web clients.',
  }),
  'secure-port': intFlag({
    group: serving,
    default: 6443,
    help: 'The port on which to serve HTTPS with authentication and authorization. It cannot be switched off with 0.',
  }),
  'tls-cert-file': stringFlag({
    group: serving,
    help: 'File containing the default x509 Certificate for HTTPS. (CA cert, if any, concatenated after server cert). If HTTPS serving is enabled, and --tls-cert-file and --tls-private-key-file are not provided, a self-signed certificate and key are generated for the public address.',
  }),
  'tls-private-key-file': stringFlag({
    group: serving,
    help: 'File containing the default x509 private key matching --tls-cert-file.',
  }),

  'advertise-address': stringFlag({
    group: generic,
    help: 'The IP address on which to advertise the apiserver to members of the cluster. This address must be reachable by the rest of the cluster. If blank, the --bind-address will be used.',
  }),
  'request-timeout': durationFlag({
    group: generic,
    default: 60_000,
    help: 'An optional field indicating the duration a handler must keep a request open before timing it out. This is the default request timeout for requests but may be overridden by flags such as --min-request-timeout for specific types of requests.',
  }),
  'max-requests-inflight': intFlag({
    group: generic,
    default: 400,
    help: 'The number of non-mutating requests that are worked on at once; further ones wait. A value of 0 disables the limit.',
  }),
  'max-mutating-requests-inflight': intFlag({
    group: generic,
    default: 200,
    help: 'The number of mutating requests that are worked on at once; further ones wait. A value of 0 disables the limit.',
  }),
  'min-request-timeout': intFlag({
    group: generic,
    default: 1800,
    help: 'An optional field indicating the minimum number of seconds a handler must keep a request open before timing it out. Currently only honored by the watch request handler, which picks a randomized value above this number as the connection timeout, to spread out load.',
  }),
  'shutdown-delay-duration': durationFlag({
    group: generic,
    help: 'Time to delay the termination. During that time the server keeps serving requests normally. The endpoints /healthz and /livez will return success, but /readyz immediately returns failure. Graceful termination starts after this delay has elapsed.',
  }),

  'client-ca-file': stringFlag({
    group: authentication,
    help: 'If set, any request presenting a client certificate signed by one of the authorities in the client-ca-file is authenticated with an identity corresponding to the CommonName of the client certificate.',
  }),
  'anonymous-auth': boolFlag({
    group: authentication,
    default: true,
    help: 'Enables anonymous requests to the secure port of the API server. Requests that are not rejected by another authentication method are treated as anonymous requests. Anonymous requests have a username of system:anonymous, and a group name of system:unauthenticated.',
  }),
  'token-auth-file': stringFlag({
    group: authentication,
    help: 'If set, the file that will be used to secure the secure port of the API server via token authentication.',
  }),
  'api-audiences': stringSliceFlag({
    group: authentication,
    help: 'Identifiers of the API. The service account token authenticator will validate that tokens used against the API are bound to at least one of these audiences. If the --service-account-issuer flag is configured and this flag is not, this field defaults to a single element list containing the issuer URL.',
  }),
  'service-account-issuer': stringArrayFlag({
    group: authentication,
    help: 'Identifier of the service account token issuer. The issuer will assert this identifier in "iss" claim of issued tokens. This value is a string or URI. When this flag is specified multiple times, the first is used to generate tokens and all are used to determine which issuers are accepted.',
  }),
  'service-account-key-file': stringArrayFlag({
    group: authentication,
    help: 'File containing PEM-encoded x509 RSA or ECDSA private or public keys, used to verify ServiceAccount tokens. The specified file can contain multiple keys, and the flag can be specified multiple times with different files. If unspecified, --tls-private-key-file is used.',
  }),
  'service-account-signing-key-file': stringFlag({
    group: authentication,
    help: 'Path to the file that contains the current private key of the service account token issuer. The issuer will sign issued ID tokens with this private key.',
  }),
  'service-account-max-token-expiration': durationFlag({
    group: authentication,
    help: 'The maximum validity duration of a token created by the service account token issuer. If an otherwise valid TokenRequest with a validity duration larger than this value is requested, a token will be issued with a validity duration of this value.',
  }),
  'service-account-extend-token-expiration': boolFlag({
    group: authentication,
    default: true,
    help: 'Turns on projected service account expiration extension during token generation, which helps safe transition from legacy token to bound service account token feature.',
  }),
  'requestheader-client-ca-file': stringFlag({
    group: authentication,
    help: 'Root certificate bundle to use to verify client certificates on incoming requests before trusting usernames in headers specified by --requestheader-username-headers.',
  }),
  'requestheader-allowed-names': stringSliceFlag({
    group: authentication,
    help: 'List of client certificate common names to allow to provide usernames in headers specified by --requestheader-username-headers. If empty, any client certificate validated by the authorities in --requestheader-client-ca-file is allowed.',
  }),
  'requestheader-username-headers': stringSliceFlag({
    group: authentication,
    help: 'List of request headers to inspect for usernames. X-Remote-User is common.',
  }),
  'requestheader-uid-headers': stringSliceFlag({
    group: authentication,
    help: 'List of request headers to inspect for UIDs. X-Remote-Uid is suggested.',
  }),
  'requestheader-group-headers': stringSliceFlag({
    group: authentication,
    help: 'List of request headers to inspect for groups. X-Remote-Group is suggested.',
  }),
  'requestheader-extra-headers-prefix': stringSliceFlag({
    group: authentication,
    help: 'List of request header prefixes to inspect. X-Remote-Extra- is suggested.',
  }),

  'authorization-mode': stringSliceFlag({
    group: authorization,
    default: ['AlwaysAllow'],
    help: 'Ordered list of plug-ins to do authorization on secure port. Comma-delimited list of: AlwaysAllow,AlwaysDeny,RBAC,Node.',
  }),

  'enable-admission-plugins': stringSliceFlag({
    group: admission,
    help: 'admission plugins that should be enabled in addition to default enabled ones. Comma-delimited list of admission plugins. The order of plugins in this flag does not matter.',
  }),
  'disable-admission-plugins': stringSliceFlag({
    group: admission,
    help: 'admission plugins that should be disabled although they are in the default enabled plugins list. Comma-delimited list of admission plugins. The order of plugins in this flag does not matter.',
  }),
  'default-not-ready-toleration-seconds': intFlag({
    group: admission,
    default: 300,
    help: 'Indicates the tolerationSeconds of the toleration for notReady:NoExecute that is added by default to every pod that does not already have such a toleration.',
  }),
  'default-unreachable-toleration-seconds': intFlag({
    group: admission,
    default: 300,
    help: 'Indicates the tolerationSeconds of the toleration for unreachable:NoExecute that is added by default to every pod that does not already have such a toleration.',
  }),

  'service-cluster-ip-range': stringFlag({
    group: api,
    default: '10.0.0.0/24',
    help: 'A CIDR notation IP range from which to assign service cluster IPs. This must not overlap with any IP ranges assigned to nodes or pods.',
  }),
  'service-node-port-range': stringFlag({
    group: api,
    default: '30000-32767',
    help: "A port range to reserve for services with NodePort visibility. This must not overlap with the ephemeral port range on nodes. Example: '30000-32767'. Inclusive at both ends of the range.",
  }),

  'allow-privileged': boolFlag({ group: misc, help: 'If true, allow privileged containers.' }),
  'kubelet-certificate-authority': stringFlag({
    group: misc,
    help: 'Path to a cert file for the certificate authority.',
  }),
  'kubelet-client-certificate': stringFlag({ group: misc, help: 'Path to a client cert file for TLS.' }),
  'kubelet-client-key': stringFlag({ group: misc, help: 'Path to a client key file for TLS.' }),
  'kubelet-preferred-address-types': stringSliceFlag({
    group: misc,
    default: ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP'],
    help: 'List of the preferred NodeAddressTypes to use for kubelet connections.',
  }),
});
