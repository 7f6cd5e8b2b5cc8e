import {
  boolFlag,
  defineFlags,
  type FlagValues,
  intFlag,
  mapFlag,
  stringFlag,
  stringSliceFlag,
} from '@coracle/process';

/** Told of the flags that the configuration file has a field for. */
const inConfig = (field: string): string => `Overrides ${field} of --config.`;

/** The kubelet's flags, by upstream's names. Most settings are better made in the file of `--config`. */
export const kubeletFlags = defineFlags({
  config: stringFlag({
    help: 'File with a KubeletConfiguration (YAML or JSON). Unset, defaults apply. Flags override its fields.',
  }),
  kubeconfig: stringFlag({
    help: 'Kubeconfig file for the API server. Unset, the kubelet runs alone, with static pods only.',
  }),
  'bootstrap-kubeconfig': stringFlag({
    help: 'Kubeconfig file whose credentials get the client certificate of this node, when --kubeconfig is missing or its certificate has expired; --kubeconfig is written then. Unset, --kubeconfig must be there.',
  }),
  'rotate-certificates': boolFlag({
    help: `Renew the client certificate before it expires. ${inConfig('rotateCertificates')}`,
  }),
  'rotate-server-certificates': boolFlag({
    help: `Have the serving certificate signed by the cluster, and renew it. ${inConfig('serverTLSBootstrap')}`,
  }),
  'hostname-override': stringFlag({
    help: "Name of the node. Unset, the machine's host name.",
  }),
  'node-ip': stringFlag({
    help: 'IP address of the node; one of each family, with a comma between, for dual stack. Unset, that of the default route.',
  }),
  'root-dir': stringFlag({
    default: '/var/lib/kubelet',
    help: "Folder of the pods' volumes and of the kubelet's own state.",
  }),
  'cert-dir': stringFlag({
    default: '/var/lib/kubelet/pki',
    help: 'Folder of the certificates the kubelet gets or makes itself: its client certificate, and its serving certificate unless --tls-cert-file names one.',
  }),
  'node-labels': mapFlag({
    help: 'Labels the node registers with: KEY=VALUE, with commas between.',
  }),
  'register-with-taints': stringSliceFlag({
    help: `Taints the node registers with: KEY=VALUE:EFFECT, with commas between. ${inConfig('registerWithTaints')}`,
  }),
  'register-node': boolFlag({
    default: true,
    help: `Create the Node object if it is missing. ${inConfig('registerNode')}`,
  }),
  'container-runtime-endpoint': stringFlag({
    default: 'unix:///run/containerd/containerd.sock',
    help: `Unix socket of the container runtime. ${inConfig('containerRuntimeEndpoint')}`,
  }),
  'image-service-endpoint': stringFlag({
    help: `Unix socket of the image service. Unset, the container runtime's. ${inConfig('imageServiceEndpoint')}`,
  }),
  'pod-manifest-path': stringFlag({
    help: `File of a static pod, or folder of such files. Unset, there are none. ${inConfig('staticPodPath')}`,
  }),
  address: stringFlag({
    default: '0.0.0.0',
    help: `IP address to serve the kubelet's API on. ${inConfig('address')}`,
  }),
  port: intFlag({ default: 10_250, help: `Port to serve the kubelet's API on. ${inConfig('port')}` }),
  'read-only-port': intFlag({ help: 'Port without authentication: only 0, which serves none.' }),
  'healthz-port': intFlag({
    default: 10_248,
    help: `Port of /healthz without TLS; 0 serves none. ${inConfig('healthzPort')}`,
  }),
  'healthz-bind-address': stringFlag({
    default: '127.0.0.1',
    help: `IP address to serve /healthz on. ${inConfig('healthzBindAddress')}`,
  }),
  'tls-cert-file': stringFlag({
    help: `PEM file of the serving certificate. Unset, a self-signed one is made and kept in --cert-dir. ${inConfig('tlsCertFile')}`,
  }),
  'tls-private-key-file': stringFlag({
    help: `PEM file of the private key of --tls-cert-file. ${inConfig('tlsPrivateKeyFile')}`,
  }),
  'client-ca-file': stringFlag({
    help: `PEM file of the authorities whose client certificates are believed. Unset, none is. ${inConfig('authentication.x509.clientCAFile')}`,
  }),
  'anonymous-auth': boolFlag({
    help: `Let in requests without credentials, as system:anonymous. ${inConfig('authentication.anonymous.enabled')}`,
  }),
  'authentication-token-webhook': boolFlag({
    default: true,
    help: `Ask the API server whose a bearer token is (TokenReview). ${inConfig('authentication.webhook.enabled')}`,
  }),
  'authorization-mode': stringFlag({
    default: 'Webhook',
    help: `Who decides what a user may do: Webhook, the API server, or AlwaysAllow, nobody. ${inConfig('authorization.mode')}`,
  }),
  'cluster-dns': stringSliceFlag({
    help: `IP addresses of the cluster's DNS servers, for pods. Unset, pods use the node's. ${inConfig('clusterDNS')}`,
  }),
  'cluster-domain': stringFlag({
    help: `DNS domain of the cluster, searched by pods. Unset, none. ${inConfig('clusterDomain')}`,
  }),
  'resolv-conf': stringFlag({
    default: '/etc/resolv.conf',
    help: `File with the node's DNS servers and search domains, for pods. ${inConfig('resolvConf')}`,
  }),
  'cgroup-driver': stringFlag({
    default: 'cgroupfs',
    help: `How cgroups are managed: only cgroupfs. ${inConfig('cgroupDriver')}`,
  }),
  'cgroup-root': stringFlag({ help: `Cgroup below which pods run. Unset, the root. ${inConfig('cgroupRoot')}` }),
  'fail-cgroupv1': boolFlag({
    default: true,
    help: `Refuse to start on a machine with cgroup v1. ${inConfig('failCgroupV1')}`,
  }),
  'fail-swap-on': boolFlag({
    default: true,
    help: `Refuse to start on a machine that swaps. ${inConfig('failSwapOn')}`,
  }),
  'max-pods': intFlag({ default: 110, help: `Most pods on this node. ${inConfig('maxPods')}` }),
  'pod-max-pids': intFlag({
    default: -1,
    help: `Most processes in one pod; -1 sets no limit. ${inConfig('podPidsLimit')}`,
  }),
  'seccomp-default': boolFlag({
    help: `Confine containers that ask for no seccomp profile by the runtime's own. When false they run unconfined. ${inConfig('seccompDefault')}`,
  }),
  'container-log-max-size': stringFlag({
    default: '10Mi',
    help: `Size (10Mi, say) from which a container's log file is rotated. ${inConfig('containerLogMaxSize')}`,
  }),
  'container-log-max-files': intFlag({
    default: 5,
    help: `Most log files kept of one container. ${inConfig('containerLogMaxFiles')}`,
  }),
  'serialize-image-pulls': boolFlag({
    default: true,
    help: `Pull one image at a time. ${inConfig('serializeImagePulls')}`,
  }),
  'provider-id': stringFlag({
    help: `What the cloud provider calls this machine. ${inConfig('providerID')}`,
  }),
  'feature-gates': mapFlag({
    help: `Feature gates, as NAME=true|false. None can be set. ${inConfig('featureGates')}`,
  }),
});

export type KubeletFlags = FlagValues<(typeof kubeletFlags)['flags']>;
