import { existsSync } from 'node:fs';
import { networkConfig } from '../cluster/network-config.ts';
import { type ConfigFile, etc, type Flags, type NodeFacts } from '../components/component.ts';
import { type ContainerdPlace, containerdConfig } from '../components/containerd.ts';
import { kubeconfig } from '../components/kubeconfig.ts';
import { commonKubeletConfig } from '../components/kubelet.ts';
import { cniFile, overlayHealthPort } from '../components/overlay.ts';
import { bootstrapKubeconfig } from './bootstrap-kubeconfig.ts';
import type { Discovered } from './credentials.ts';

/** The unit of the containerd that a joined machine has for the cluster, beside any other one. */
export const containerdUnit = 'coracle-containerd';
export const containerdPlace: ContainerdPlace = {
  root: '/var/lib/coracle-containerd',
  state: '/run/coracle-containerd',
  socket: '/run/coracle-containerd/containerd.sock',
};

/** The programs of a joined machine that are system containers, in the order they are started. */
export const joinedPrograms = ['kubelet', 'overlay', 'kube-proxy'] as const;
export type JoinedProgram = (typeof joinedPrograms)[number];

/** What a machine is to be once it has joined. */
export interface JoinedNode {
  name: string;
  /** How other nodes reach it. */
  address: string;
  labels: Readonly<Record<string, string>>;
  facts: NodeFacts;
}

/** One program, as a system container is installed: its settings, and what it reads. */
export interface Program {
  name: JoinedProgram;
  /** `NAME=VALUE` */
  set: string[];
  files: ConfigFile[];
}

/** What is written below /etc/coracle for containerd. */
export const containerdFiles = (facts: NodeFacts): ConfigFile[] => [
  { path: 'containerd/config.toml', text: containerdConfig(facts, containerdPlace) },
];

/** The unit of the joined machine's containerd. Pods outlive its restarts. */
export const containerdService = (facts: NodeFacts): string => `[Unit]
Description=containerd of the Kubernetes node that this machine is, set up by coracle node join
After=network.target local-fs.target

[Service]
ExecStart=containerd --config ${etc('containerd', 'config.toml')}
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
${facts.mayAdjustOomScore ? 'OOMScoreAdjust=-999\n' : ''}
[Install]
WantedBy=multi-user.target
`;

/** kubelet, overlay and kube-proxy of a joined machine, each with its arguments and files. */
export function programsOf(node: JoinedNode, found: Discovered): Program[] {
  return [kubelet(node, found), overlay(node, found), kubeProxy(node, found)];
}

function program(name: JoinedProgram, flags: Flags, { settings }: Discovered, files: ConfigFile[], set: string[] = []) {
  const all = { ...flags, ...settings.flags[name] };
  const lines = Object.entries(all).map(([flag, value]) => `--${flag}=${value}\n`);
  return { name, set, files: [{ path: `${name}/args`, text: lines.join('') }, ...files] };
}

function kubelet({ name, address, labels, facts }: JoinedNode, found: Discovered): Program {
  const { settings, access, token } = found;
  const config = {
    ...commonKubeletConfig(facts, { clusterDomain: settings.domain, clusterDNS: [settings.dnsAddress] }),
    rotateCertificates: true,
    serverTLSBootstrap: true,
    containerRuntimeEndpoint: `unix://${containerdPlace.socket}`,
    // That of systemd-resolved itself names only a server on the loopback address, which no pod reaches.
    resolvConf: [resolvedFile, '/etc/resolv.conf'].find(existsSync) ?? '',
    ...settings.kubelet,
  };
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const flags = {
    config: etc('kubelet', 'config.json'),
    kubeconfig: nodeKubeconfig,
    'bootstrap-kubeconfig': tokenKubeconfig,
    'cert-dir': '/var/lib/kubelet/pki',
    'hostname-override': name,
    'node-ip': address,
    ...(pairs.length > 0 ? { 'node-labels': pairs.join(',') } : {}),
    'root-dir': '/var/lib/kubelet',
  };
  return program(
    'kubelet',
    flags,
    found,
    [
      { path: 'kubelet/config.json', text: `${JSON.stringify(config, undefined, 2)}\n` },
      { path: 'kubelet/ca.crt', text: access.authority },
      { path: 'kubelet/bootstrap-kubeconfig', text: bootstrapKubeconfig(access, token) },
    ],
    [`AFTER=network-online.target ${containerdUnit}.service`],
  );
}

const resolvedFile = '/run/systemd/resolve/resolv.conf';
/** The kubelet writes it once it has a certificate. */
export const nodeKubeconfig = etc('kubelet', 'kubeconfig');
/** It holds the token, and is removed when the kubelet needs it no more. */
export const tokenKubeconfig = etc('kubelet', 'bootstrap-kubeconfig');

function overlay({ name, address }: JoinedNode, found: Discovered): Program {
  const { settings, access, overlay: credential } = found;
  const file = (it: string) => etc('overlay', it);
  const common = {
    'cni-conf-file': cniFile,
    'healthz-bind-address': `127.0.0.1:${overlayHealthPort}`,
    'public-ip': address,
    'subnet-source': settings.overlay.subnetSource,
  };
  const set = [`HEALTH=http://127.0.0.1:${overlayHealthPort}/healthz`];
  if ('token' in credential) {
    const flags = {
      ...common,
      kubeconfig: file('kubeconfig'),
      'node-name': name,
      'net-config-path': file('network.json'),
    };
    const text = kubeconfig({ cluster: settings.cluster, user: 'overlay', ...access, token: credential.token });
    const files = [
      { path: 'overlay/network.json', text: `${JSON.stringify(networkConfig(settings))}\n` },
      { path: 'overlay/kubeconfig', text },
    ];
    return program('overlay', flags, found, files, set);
  }
  const flags = {
    ...common,
    'etcd-endpoints': settings.etcdEndpoints.join(','),
    'etcd-cafile': file('etcd-ca.crt'),
    'etcd-certfile': file('etcd-client.crt'),
    'etcd-keyfile': file('etcd-client.key'),
  };
  const files = [
    { path: 'overlay/etcd-ca.crt', text: credential.authority },
    { path: 'overlay/etcd-client.crt', text: credential.certificate },
    { path: 'overlay/etcd-client.key', text: credential.key },
  ];
  return program('overlay', flags, found, files, set);
}

function kubeProxy({ name }: JoinedNode, found: Discovered): Program {
  const { settings, access } = found;
  const flags = {
    'cluster-cidr': settings.podCidr,
    'hostname-override': name,
    kubeconfig: etc('kube-proxy', 'kubeconfig'),
    'proxy-mode': 'nftables',
  };
  const text = kubeconfig({ cluster: settings.cluster, user: 'kube-proxy', ...access, token: found.proxyToken });
  return program('kube-proxy', flags, found, [{ path: 'kube-proxy/kubeconfig', text }]);
}
