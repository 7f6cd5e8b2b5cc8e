import { expect, it } from '@jest/globals';
import { parseClusterFile } from './config-file.ts';

const head = 'apiVersion: coracle.dev/v1alpha1\nkind: Cluster\n';

it('says what a cluster is to be', async () => {
  const file = await parseClusterFile(
    'c.yaml',
    `${head}name: dev
networking:
  podSubnet: 10.1.0.0/16
  backend: host-gw
components:
  flags:
    kube-controller-manager:
      node-monitor-grace-period: 10s
  kubelet:
    maxPods: 20
nodes:
  - role: control-plane
    extraPortMappings: [{ containerPort: 30080, hostPort: 8080 }]
  - role: worker
    labels: { disk: fast }
    taints: [{ key: gpu, effect: NoSchedule }]
    extraMounts: [{ hostPath: /data, containerPath: /mnt/data, readOnly: true }]
`,
  );
  expect(file.name).toBe('dev');
  expect(file.wishes).toMatchObject({
    podSubnet: '10.1.0.0/16',
    overlay: { backend: 'host-gw', subnetSource: 'etcd' },
    components: {
      flags: { 'kube-controller-manager': { 'node-monitor-grace-period': '10s' } },
      kubelet: { maxPods: 20 },
    },
    nodes: [
      {
        role: 'control-plane',
        extraPortMappings: [{ containerPort: 30080, hostPort: 8080, listenAddress: '0.0.0.0', protocol: 'TCP' }],
      },
      {
        role: 'worker',
        labels: { disk: 'fast' },
        taints: [{ key: 'gpu', effect: 'NoSchedule' }],
        extraMounts: [{ hostPath: '/data', containerPath: '/mnt/data', readOnly: true }],
      },
    ],
  });
});

it.each<[string, string, string]>([
  ['an unknown key', `${head}nodes:\n- role: worker\n  color: red\n`, 'c.yaml:5: nodes[0].color: unknown key'],
  [
    'an unknown role',
    `${head}nodes:\n- role: master\n`,
    'c.yaml:4: nodes[0].role: Invalid option: expected one of "control-plane"|"worker"',
  ],
  ['no nodes', head, 'c.yaml:1: nodes: Invalid input: expected array, received undefined'],
  [
    'what is no network',
    `${head}networking:\n  podSubnet: 10.1.0.0/33\nnodes: [{ role: control-plane }]\n`,
    'c.yaml:4: networking.podSubnet: must be an IPv4 network such as 10.244.0.0/16',
  ],
  [
    'what is no address of the API',
    `${head}apiServer: { externalAddress: k8s.example }\nnodes: [{ role: control-plane }]\n`,
    'c.yaml:3: apiServer.externalAddress: must be HOST:PORT, such as k8s.example:6443',
  ],
  [
    'what no certificate can be for',
    `${head}apiServer:\n  certSANs:\n  - k8s.example\n  - K8s!\nnodes: [{ role: control-plane }]\n`,
    'c.yaml:6: apiServer.certSANs[1]: a lowercase RFC 1123 subdomain must consist of',
  ],
  [
    'a mount over the root of a node',
    `${head}nodes:\n- role: control-plane\n  extraMounts: [{ hostPath: /srv, containerPath: //. }]\n`,
    'c.yaml:5: nodes[0].extraMounts[0].containerPath: must not be the root of the node',
  ],
  [
    'a protocol that cannot be mapped',
    `${head}nodes:\n- role: control-plane\n  extraPortMappings:\n  - { containerPort: 1, hostPort: 2, protocol: UDP }\n`,
    'c.yaml:6: nodes[0].extraPortMappings[0].protocol: only TCP can be mapped',
  ],
  [
    'flags of an unknown program',
    `${head}components: { flags: { etcd: {} } }\nnodes: [{ role: control-plane }]\n`,
    'c.yaml:3: components.flags.etcd',
  ],
  [
    'a key that is none of a label',
    `${head}nodes:\n- role: control-plane\n  labels:\n    ok: yes-it-is\n    a b: c\n`,
    "c.yaml:7: nodes[0].labels.a b: the key is invalid: name part must consist of alphanumeric characters, '-', '_' or '.'",
  ],
  [
    'a value that is none of a label',
    `${head}nodes:\n- role: control-plane\n  labels:\n    disk: -fast\n`,
    'c.yaml:6: nodes[0].labels.disk: a valid label must be an empty string or consist of alphanumeric characters',
  ],
  [
    'a label that only the cluster may give',
    `${head}nodes:\n- role: control-plane\n  labels:\n    node-role.kubernetes.io/gpu: ""\n`,
    "c.yaml:6: nodes[0].labels.node-role.kubernetes.io/gpu: a node may not give itself this label of the 'kubernetes.io' or 'k8s.io' namespace",
  ],
  [
    'a key that is none of a taint',
    `${head}nodes:\n- role: control-plane\n  taints:\n  - effect: NoSchedule\n    key: a b\n`,
    'c.yaml:7: nodes[0].taints[0].key: name part must consist of alphanumeric characters',
  ],
  [
    'a taint that stands twice',
    `${head}nodes:\n- role: worker\n  taints:\n  - { key: a, effect: NoSchedule }\n  - { key: a, effect: NoSchedule, value: x }\n`,
    'c.yaml:7: nodes[0].taints[1]: taints must be unique by key and effect pair',
  ],
  [
    'another version',
    'apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n',
    'c.yaml:1: apiVersion: Invalid input: expected "coracle.dev/v1alpha1"',
  ],
  ['a key that stands twice', `${head}kind: Cluster\n`, 'c.yaml:3: Map keys must be unique'],
  ['broken YAML', `${head}nodes: [\n`, 'c.yaml:4: '],
  ['two documents', `${head}---\n${head}`, 'c.yaml: one YAML document is expected'],
])('%s is refused, with its line', async (_what, text, message) => {
  await expect(parseClusterFile('c.yaml', text)).rejects.toThrow(message);
});
