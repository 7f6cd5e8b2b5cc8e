import type { Case } from './differential.ts';

const node = (name: string): string => `apiVersion: v1
kind: Node
metadata:
  name: ${name}-$T
  labels:
    role: ${name}-$T
`;

/** A pod on the node of its name, with more lines of metadata and spec. */
const podOn = (name: string, metadata = '', spec = '', on = name): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
${metadata}spec:
  nodeName: ${on}-$T
  terminationGracePeriodSeconds: 0
${spec}  containers:
  - name: c
    image: i
`;

const owner = (kind: string): string => `  labels:
    app: owned
  ownerReferences:
  - {apiVersion: apps/v1, kind: ${kind}, name: owner, uid: 11111111-1111-1111-1111-111111111111, controller: true}
`;

const budget = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: guard
spec:
  minAvailable: 1
  selector:
    matchLabels:
      app: owned
`;

const emptyDir = '  volumes:\n  - name: v\n    emptyDir: {}\n';
const mirror = '  annotations:\n    kubernetes.io/config.mirror: abc\n';

const cluster = [
  ...['empty', 'bare', 'local', 'daemon', 'owned', 'guarded', 'slow'].map(node),
  podOn('bare'),
  podOn('local', owner('ReplicaSet'), emptyDir),
  podOn('daemon', owner('DaemonSet')),
  podOn('owned', owner('ReplicaSet')),
  podOn('mirror', mirror, '', 'owned'),
  podOn('guarded', owner('ReplicaSet')),
  podOn('slow', owner('StatefulSet')).replace('terminationGracePeriodSeconds: 0', 'terminationGracePeriodSeconds: 600'),
].join('---\n');

const running = '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}';
const spent = '{"status":{"observedGeneration":1,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1}}';

/** Emptying nodes, and the budgets that hold it back. */
export const drainCases: readonly Case[] = [
  {
    name: 'drain',
    files: { 'cluster.yaml': cluster },
    steps: [
      'create -f cluster.yaml',
      'drain',
      'drain bare-$T -l role=x',
      'drain nope-$T',
      'drain bare-$T nope-$T',
      'drain pod/bare',
      'drain node/bare-$T pod/bare',
      'drain bare-$T --pod-selector="a b"',
      'drain bare-$T --dry-run=maybe',
      'drain bare-$T --timeout=soon',
      'drain -l role=nothing',
      'drain empty-$T',
      'drain -l role=empty-$T',
      'drain bare-$T',
      'drain bare-$T --dry-run=client',
      'drain bare-$T --force --dry-run=client',
      'drain bare-$T --force --dry-run=server',
      'get pods',
      'drain bare-$T --force',
      'drain bare-$T',
      'drain local-$T',
      'drain local-$T --delete-emptydir-data --chunk-size=1',
      'drain daemon-$T',
      'drain daemon-$T --ignore-daemonsets',
      'drain daemon-$T --force --dry-run=client',
      'drain daemon-$T --force',
      'drain node/owned-$T --pod-selector=app=none',
      'drain owned-$T --grace-period=0',
      'drain slow-$T --timeout=1s',
      'drain slow-$T --disable-eviction --timeout=1s',
      'drain slow-$T empty-$T --timeout=1s',
      'drain slow-$T --disable-eviction --grace-period=0',
      'uncordon bare-$T slow-$T empty-$T',
      'uncordon bare-$T nope-$T',
      'uncordon -l role=local-$T',
      'cordon -l role=local-$T --dry-run=client',
      'cordon bare-$T -l a=b',
      'cordon pod/guarded',
      'get pods',
      'get node daemon-$T -o jsonpath={.spec}',
    ],
  },
  {
    name: 'drain under a disruption budget',
    files: { 'cluster.yaml': cluster, 'budget.yaml': budget },
    steps: [
      'create -f cluster.yaml -f budget.yaml',
      `patch pod guarded --subresource=status -p '${running}'`,
      `patch pdb guard --subresource=status --type=merge -p '${spent}'`,
      'drain guarded-$T --timeout=1s',
      `create pdb other --selector=app=owned --max-unavailable=1`,
      'drain guarded-$T',
      'delete pdb other',
      `patch pdb guard --subresource=status --type=merge -p '{"status":{"disruptionsAllowed":1}}'`,
      'drain guarded-$T',
      'describe pdb guard',
      'get pdb',
    ],
  },
  {
    name: 'disruption budgets',
    files: {
      'bad.yaml': budget.replace(
        'minAvailable: 1',
        'minAvailable: 1\n  maxUnavailable: 1\n  unhealthyPodEvictionPolicy: Never',
      ),
      'all.yaml': budget
        .replace('minAvailable: 1', 'maxUnavailable: 30%')
        .replace(/matchLabels:\n.*/, 'matchLabels: {}'),
      'none.yaml': 'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: none\nspec: {}\n',
    },
    steps: [
      'create pdb',
      'create pdb a b',
      'create pdb a',
      'create pdb a --min-available=1',
      'create pdb a --selector=app=x',
      'create pdb a --selector=app=x --min-available=1 --max-unavailable=1',
      'create pdb a --selector=app=x --min-available=x',
      'create pdb a --selector=app=x --max-unavailable=-1',
      'create pdb a --selector="a b" --min-available=1',
      'create pdb a --selector="a>1" --min-available=1',
      'create pdb a --selector="a!=b" --min-available=1',
      'create pdb a --selector=app=x --min-available=101%',
      'create pdb a --selector=app=x --min-available=1',
      'create pdb a --selector=app=x --min-available=1',
      'create poddisruptionbudget b --selector="app in (x,y),!z,v==w,q,c notin (d)" --max-unavailable=050% -o yaml --dry-run=client',
      'create pdb b --selector="app in (x,y),v=w" --max-unavailable=0 -o json --dry-run=client -n other',
      'create pdb b --selector=app --min-available=50% --dry-run=server -o name',
      'create pdb b --selector=app --min-available=50% --save-config -o yaml',
      'create -f bad.yaml',
      'create -f all.yaml -f none.yaml',
      'get pdb',
      'get poddisruptionbudgets -o wide',
      'get pdb a -o yaml',
      'describe pdb',
      'patch pdb a -p \'{"spec":{"minAvailable":"20%"}}\'',
      'patch pdb a --subresource=status --type=merge -p \'{"status":{"disruptionsAllowed":-1,"currentHealthy":2}}\'',
      'replace -f all.yaml',
      'api-resources --api-group=policy',
      'delete pdb --all',
    ],
  },
];
