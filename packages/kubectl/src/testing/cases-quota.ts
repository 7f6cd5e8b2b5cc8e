import type { Case } from './differential.ts';

const status = {
  hard: { pods: '10', 'requests.cpu': '4', 'limits.memory': '2Gi', 'count/jobs.batch': '3' },
  used: { pods: '3', 'requests.cpu': '1500m', 'limits.memory': '1536' },
};

const selected = `apiVersion: v1
kind: ResourceQuota
metadata: {name: urgent, labels: {of: somebody}}
spec:
  hard: {pods: "5"}
  scopeSelector:
    matchExpressions:
    - {scopeName: PriorityClass, operator: In, values: [high]}
`;

/** Quotas: made from flags, listed and described. */
export const quotaCases: readonly Case[] = [
  {
    name: 'quotas are created',
    steps: [
      'create quota team --hard=pods=10,requests.cpu=1500m,memory=0.5Gi -n $N',
      'create resourcequota idle --hard=pods=5 --scopes=BestEffort,NotTerminating -n $N -o yaml --dry-run=client',
      'create quota idle --hard=pods=5 --scopes=BestEffort -n $N',
      'create quota empty -n $N -o json --dry-run=client',
      'create quota empty -n $N --dry-run=client',
      'create quota empty --dry-run=server -n $N',
      'create quota empty --hard=cpu=1 --save-config -n $N',
      'create quota team --hard=pods=10 -n $N',
      'create quota -n $N',
      'create quota a b -n $N',
      'create quota a --hard=pods -n $N',
      'create quota a --hard=pods=many -n $N',
      'create quota a --hard=pods=1, -n $N',
      'create quota a --hard=horses=1 -n $N',
      'create quota a --hard=pods=1 --scopes=, -n $N',
      'create quota a --hard=pods=1 --scopes=Fast -n $N',
      'create quota a --soft=pods=1 -n $N',
      'get quota -n $N -o name',
      'get resourcequotas empty team idle -n $N -o jsonpath={.items[*].spec}',
    ],
  },
  {
    name: 'quotas are shown, by themselves and with their namespace',
    files: { 'selected.yaml': selected, 'status.json': JSON.stringify({ status }) },
    steps: [
      'describe ns $N',
      'create quota team --hard=pods=10,requests.cpu=4 -n $N',
      'create quota idle --hard=pods=5 --scopes=NotTerminating,BestEffort -n $N',
      'create quota jobs --hard=pods=5 --scopes=Terminating,NotBestEffort -n $N',
      'create -f selected.yaml -n $N',
      'get quota team -n $N --no-headers -o custom-columns=NAME:.metadata.name,HARD:.spec.hard',
      'patch quota team -n $N --subresource=status --type=merge --patch-file status.json',
      'get quota team -n $N --no-headers -o jsonpath={.status}',
      'get quota -n $N',
      'describe quota team -n $N',
      'describe quota -n $N',
      'describe ns $N',
      'delete quota team idle -n $N',
    ],
  },
];
