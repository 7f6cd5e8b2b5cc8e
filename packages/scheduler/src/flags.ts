import { delegatedAccessFlags, leaderElectionFlags, servingFlags } from '@coracle/process/component-flags';
import { defineFlags, durationFlag, floatFlag, intFlag, stringFlag } from '@coracle/process/flags';

const deprecated = { group: 'deprecated' };
const misc = { group: 'misc' };

/** kube-scheduler's flags, by upstream's names. */
export const schedulerFlags = defineFlags({
  config: stringFlag({
    ...misc,
    help: 'File with a KubeSchedulerConfiguration (YAML or JSON). Unset, defaults and the flags below apply.',
  }),
  master: stringFlag({ ...misc, help: "URL of the API server, instead of the kubeconfig file's." }),

  ...servingFlags({ port: 10259 }),
  ...delegatedAccessFlags(),

  kubeconfig: stringFlag({
    ...deprecated,
    help: 'Kubeconfig file for the API server, unless the --config file names one. Unset, the service account of the pod is used.',
  }),
  'kube-api-qps': floatFlag({
    ...deprecated,
    help: 'Most requests per second to the API server, on average; 0 sets no limit. Ignored with --config.',
  }),
  'kube-api-burst': intFlag({
    ...deprecated,
    help: 'Most requests to the API server at once, where --kube-api-qps limits them. Ignored with --config.',
  }),
  'pod-max-in-unschedulable-pods-duration': durationFlag({
    ...deprecated,
    default: 300_000,
    help: 'Longest time a pod that fits nowhere waits for an event before it is tried again.',
  }),

  ...leaderElectionFlags({ resourceName: 'kube-scheduler' }),
});

export type SchedulerFlags = ReturnType<typeof schedulerFlags.parse>['values'];
