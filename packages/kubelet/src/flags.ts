import {
  boolFlag,
  defineFlags,
  type FlagValues,
  intFlag,
  mapFlag,
  stringFlag,
  stringSliceFlag,
} from '@coracle/process';

const inConfig = (field: string): string => `(overrides ${field} of the --config file)`;

/** The kubelet's flags, by upstream's names. Most settings are better made in the file of `--config`. */
export const kubeletFlags = defineFlags({
  config: stringFlag({
    help: "The Kubelet will load its initial configuration from this file. The path may be absolute or relative; relative paths start at the Kubelet's current working directory. Omit this flag to use the built-in default configuration values. Command-line flags override configuration from this file.",
  }),
  kubeconfig: stringFlag({
    help: 'Path to a kubeconfig file, specifying how to connect to the API server. Providing --kubeconfig enables API server mode, omitting --kubeconfig enables standalone mode.',
  }),
  'hostname-override': stringFlag({
    help: 'If non-empty, will use this string as identification instead of the actual hostname.',
  }),
  'node-ip': stringFlag({
    help: "IP address (or comma-separated dual-stack IP addresses) of the node. If unset, kubelet will use the node's default IPv4 address, if any, or its default IPv6 address if it has no IPv4 addresses.",
  }),
  'root-dir': stringFlag({
    default: '/var/lib/kubelet',
    help: 'Directory path for managing kubelet files (volume mounts, etc).',
  }),
  'cert-dir': stringFlag({
    default: '/var/lib/kubelet/pki',
    help: 'The directory where the TLS certs are located. If --tls-cert-file and --tls-private-key-file are provided, this flag will be ignored.',
  }),
  'node-labels': mapFlag({
    help: "Labels to add when registering the node in the cluster. Labels must be key=value pairs separated by ','.",
  }),
  'register-with-taints': stringSliceFlag({
    help: `Register the node with the given list of taints (comma separated "<key>=<value>:<effect>"). ${inConfig('registerWithTaints')}`,
  }),
  'register-node': boolFlag({
    default: true,
    help: `Register the node with the API server. ${inConfig('registerNode')}`,
  }),
  'container-runtime-endpoint': stringFlag({
    default: 'unix:///run/containerd/containerd.sock',
    help: `The endpoint of container runtime service: a Unix domain socket. ${inConfig('containerRuntimeEndpoint')}`,
  }),
  'image-service-endpoint': stringFlag({
    help: `The endpoint of container image service; the runtime's own if empty. ${inConfig('imageServiceEndpoint')}`,
  }),
  'pod-manifest-path': stringFlag({
    help: `Path to the directory containing static pod files to run, or the path to a single static pod file. ${inConfig('staticPodPath')}`,
  }),
  address: stringFlag({
    default: '0.0.0.0',
    help: `The IP address for the Kubelet to serve on. ${inConfig('address')}`,
  }),
  port: intFlag({ default: 10_250, help: `The port for the Kubelet to serve on. ${inConfig('port')}` }),
  'read-only-port': intFlag({ help: 'The read-only port without authentication: only 0 (off) is supported.' }),
  'healthz-port': intFlag({
    default: 10_248,
    help: `The port of the localhost healthz endpoint (set to 0 to disable). ${inConfig('healthzPort')}`,
  }),
  'healthz-bind-address': stringFlag({
    default: '127.0.0.1',
    help: `The IP address for the healthz server to serve on. ${inConfig('healthzBindAddress')}`,
  }),
  'tls-cert-file': stringFlag({
    help: `File containing x509 Certificate used for serving HTTPS. Without it and --tls-private-key-file, a self-signed certificate and key are generated for the public address and saved to --cert-dir. ${inConfig('tlsCertFile')}`,
  }),
  'tls-private-key-file': stringFlag({
    help: `File containing x509 private key matching --tls-cert-file. ${inConfig('tlsPrivateKeyFile')}`,
  }),
  'client-ca-file': stringFlag({
    help: `If set, any request presenting a client certificate signed by one of the authorities in the client-ca-file is authenticated with an identity corresponding to the CommonName of the client certificate. ${inConfig('authentication.x509.clientCAFile')}`,
  }),
  'anonymous-auth': boolFlag({
    help: `Enables anonymous requests to the Kubelet server. ${inConfig('authentication.anonymous.enabled')}`,
  }),
  'authentication-token-webhook': boolFlag({
    default: true,
    help: `Use the TokenReview API to determine authentication for bearer tokens. ${inConfig('authentication.webhook.enabled')}`,
  }),
  'authorization-mode': stringFlag({
    default: 'Webhook',
    help: `Authorization mode for Kubelet server. Valid options are "AlwaysAllow" or "Webhook". ${inConfig('authorization.mode')}`,
  }),
  'cluster-dns': stringSliceFlag({ help: `Comma-separated list of DNS server IP address. ${inConfig('clusterDNS')}` }),
  'cluster-domain': stringFlag({ help: `Domain for this cluster. ${inConfig('clusterDomain')}` }),
  'resolv-conf': stringFlag({
    default: '/etc/resolv.conf',
    help: `Resolver configuration file used as the basis for the container DNS resolution configuration. ${inConfig('resolvConf')}`,
  }),
  'cgroup-driver': stringFlag({
    default: 'cgroupfs',
    help: `Driver that the kubelet uses to manipulate cgroups on the host: only "cgroupfs" is supported. ${inConfig('cgroupDriver')}`,
  }),
  'cgroup-root': stringFlag({ help: `Optional root cgroup to use for pods. ${inConfig('cgroupRoot')}` }),
  'fail-cgroupv1': boolFlag({
    default: true,
    help: `Makes the Kubelet fail to start if the host uses cgroup v1. ${inConfig('failCgroupV1')}`,
  }),
  'fail-swap-on': boolFlag({
    default: true,
    help: `Makes the Kubelet fail to start if swap is enabled on the node. ${inConfig('failSwapOn')}`,
  }),
  'max-pods': intFlag({ default: 110, help: `Number of Pods that can run on this Kubelet. ${inConfig('maxPods')}` }),
  'pod-max-pids': intFlag({
    default: -1,
    help: `Set the maximum number of processes per pod. If -1, there is no limit. ${inConfig('podPidsLimit')}`,
  }),
  'seccomp-default': boolFlag({
    help: `Enable the use of RuntimeDefault as the default seccomp profile for all workloads. ${inConfig('seccompDefault')}`,
  }),
  'container-log-max-size': stringFlag({
    default: '10Mi',
    help: `Set the maximum size (e.g. 10Mi) of container log file before it is rotated. ${inConfig('containerLogMaxSize')}`,
  }),
  'container-log-max-files': intFlag({
    default: 5,
    help: `Set the maximum number of container log files that can be present for a container. ${inConfig('containerLogMaxFiles')}`,
  }),
  'serialize-image-pulls': boolFlag({
    default: true,
    help: `Pull images one at a time. ${inConfig('serializeImagePulls')}`,
  }),
  'provider-id': stringFlag({
    help: `Unique identifier for identifying the node in a machine database, i.e cloudprovider. ${inConfig('providerID')}`,
  }),
  'feature-gates': mapFlag({
    help: 'A set of key=value pairs that describe feature gates for alpha/experimental features: none can be set.',
  }),
});

export type KubeletFlags = FlagValues<(typeof kubeletFlags)['flags']>;
