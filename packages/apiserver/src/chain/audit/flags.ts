import { boolFlag, choiceFlag, durationFlag, floatFlag, intFlag, stringFlag } from '@coracle/process/flags';

const group = 'auditing';
const modes = ['batch', 'blocking', 'blocking-strict'];
const versions = ['audit.k8s.io/v1'];

/** kube-apiserver's flags of audit. */
export const auditFlags = {
  'audit-policy-file': stringFlag({
    group,
    help: 'File with the audit.k8s.io/v1 Policy that says which requests are recorded, and how much of each.',
  }),

  'audit-log-path': stringFlag({
    group,
    help: 'File that audit events are appended to; - for standard output. Unset, none are logged.',
  }),
  'audit-log-maxage': intFlag({ group, default: 366, help: 'Days that full audit logs are kept; 0 for no limit.' }),
  'audit-log-maxbackup': intFlag({ group, default: 100, help: 'How many full audit logs are kept; 0 for no limit.' }),
  'audit-log-maxsize': intFlag({ group, default: 100, help: 'Megabytes after which an audit log is full; 0: never.' }),
  'audit-log-compress': boolFlag({ group, help: 'Whether full audit logs are compressed with gzip.' }),
  'audit-log-format': choiceFlag({
    group,
    default: 'json',
    choices: ['json', 'legacy'],
    help: 'Form of an audit log: json, one event a line; legacy, a line of text for each event.',
  }),
  'audit-log-mode': choiceFlag({
    group,
    default: 'blocking',
    choices: modes,
    help: 'How the log gets events: batch, some later and many at once; blocking, before the request goes on; blocking-strict, as that, and the request is refused when its event cannot be kept.',
  }),
  'audit-log-version': choiceFlag({
    group,
    default: 'audit.k8s.io/v1',
    choices: versions,
    help: 'API version of logged events.',
  }),
  ...batchFlags('log', { maxSize: 1, maxWait: 0, throttle: false, qps: 0, burst: 0 }),
  ...truncateFlags('log'),

  'audit-webhook-config-file': stringFlag({
    group,
    help: 'File in the form of a kubeconfig with the server that audit events are sent to. Unset, none are sent.',
  }),
  'audit-webhook-initial-backoff': durationFlag({
    group,
    default: 10_000,
    help: 'How long to wait before events that could not be sent are sent again; further attempts wait longer.',
  }),
  'audit-webhook-mode': choiceFlag({
    group,
    default: 'batch',
    choices: modes,
    help: 'How the webhook gets events; as --audit-log-mode.',
  }),
  'audit-webhook-version': choiceFlag({
    group,
    default: 'audit.k8s.io/v1',
    choices: versions,
    help: 'API version of sent events.',
  }),
  ...batchFlags('webhook', { maxSize: 400, maxWait: 30_000, throttle: true, qps: 10, burst: 15 }),
  ...truncateFlags('webhook'),
};

interface BatchDefaults {
  maxSize: number;
  /** Milliseconds. */
  maxWait: number;
  throttle: boolean;
  qps: number;
  burst: number;
}

function batchFlags<B extends 'log' | 'webhook'>(backend: B, defaults: BatchDefaults) {
  const only = 'Only in batch mode.';
  return {
    [`audit-${backend}-batch-buffer-size`]: intFlag({
      group,
      default: 10_000,
      help: `How many events may wait; further ones are lost. ${only}`,
    }),
    [`audit-${backend}-batch-max-size`]: intFlag({
      group,
      default: defaults.maxSize,
      help: `How many events go at once. ${only}`,
    }),
    [`audit-${backend}-batch-max-wait`]: durationFlag({
      group,
      default: defaults.maxWait,
      help: `How long events wait for a batch to be full. ${only}`,
    }),
    [`audit-${backend}-batch-throttle-enable`]: boolFlag({
      group,
      default: defaults.throttle,
      help: `Whether the number of batches a second is limited. ${only}`,
    }),
    [`audit-${backend}-batch-throttle-qps`]: floatFlag({
      group,
      default: defaults.qps,
      help: `Batches a second on average. ${only}`,
    }),
    [`audit-${backend}-batch-throttle-burst`]: intFlag({
      group,
      default: defaults.burst,
      help: `Batches that may go at once after a quiet time. ${only}`,
    }),
  } as BatchFlags<B>;
}

type IntFlag = ReturnType<typeof intFlag>;
type BoolFlag = ReturnType<typeof boolFlag>;
type BatchFlags<B extends string> = Record<
  `audit-${B}-batch-${'buffer-size' | 'max-size' | 'max-wait'}` | `audit-${B}-batch-throttle-${'qps' | 'burst'}`,
  IntFlag
> &
  Record<`audit-${B}-batch-throttle-enable`, BoolFlag>;
type TruncateFlags<B extends string> = Record<`audit-${B}-truncate-${'max-batch-size' | 'max-event-size'}`, IntFlag> &
  Record<`audit-${B}-truncate-enabled`, BoolFlag>;

function truncateFlags<B extends 'log' | 'webhook'>(backend: B) {
  return {
    [`audit-${backend}-truncate-enabled`]: boolFlag({
      group,
      help: 'Whether the objects of events that are too large are left out, and batches that are too large are split.',
    }),
    [`audit-${backend}-truncate-max-batch-size`]: intFlag({
      group,
      default: 10_485_760,
      help: 'Bytes of events that go at once at most. Only with truncation.',
    }),
    [`audit-${backend}-truncate-max-event-size`]: intFlag({
      group,
      default: 102_400,
      help: 'Bytes of an event at most. Only with truncation.',
    }),
  } as TruncateFlags<B>;
}
