import type { FlagValues } from '@coracle/process/flags';
import { UsageError } from '@coracle/process/program';
import type { Registry } from 'prom-client';
import { kubeconfigWebhook } from '../../webhooks/kubeconfig-webhook.ts';
import { restClientMetrics } from '../../webhooks/rest-metrics.ts';
import { withRetries } from '../../webhooks/retries.ts';
import { type BatchOptions, batched, blocking, type Sink } from './backends/buffered.ts';
import { logFormats } from './backends/log.ts';
import { RotatingFile } from './backends/rotating-file.ts';
import { type TruncationOptions, truncated } from './backends/truncated.ts';
import type { AuditBackend } from './event.ts';
import type { auditFlags } from './flags.ts';
import type { Auditing } from './index.ts';
import { auditMetrics } from './metrics.ts';
import { readPolicyFile } from './policy-file.ts';

type Flags = FlagValues<typeof auditFlags>;
/** How many batches a webhook may be busy with; with more, memory would grow for as long as it does not answer. */
const batchesUnderWay = 100;

type Log = { warn(details: object, message: string): void };

/** What the flags of audit ask for; undefined: nothing is recorded. Throws UsageError on flags and files that cannot be. */
export function auditingOf(flags: Flags, metrics: Registry, log: Log): Auditing | undefined {
  const { 'audit-log-path': path, 'audit-webhook-config-file': webhook, 'audit-policy-file': policyFile } = flags;
  if (policyFile === '') {
    if (path !== '') log.warn({}, 'No audit policy file provided, no events will be recorded for log backend');
    if (webhook !== '') log.warn({}, 'No audit policy file provided, no events will be recorded for webhook backend');
    return undefined;
  }
  const policy = readPolicyFile(policyFile);
  const counts = auditMetrics(metrics);
  const backends: AuditBackend[] = [];
  const buffered = (name: 'log' | 'webhook', sink: Sink, end: () => Promise<void> | void): AuditBackend => {
    const lostBy = (plugin: string) => (events: number, error: unknown) => {
      counts.lost(plugin, events);
      log.warn({ plugin, events, reason: (error as Error).message }, 'Error in audit plugin affecting audit events');
    };
    const sizes = truncationOf(flags, name);
    const whole = flags[`audit-${name}-truncate-enabled`] ? truncated(sink, sizes, lostBy('truncate')) : sink;
    const mode = flags[`audit-${name}-mode`];
    const backend =
      mode === 'batch'
        ? batched(whole, batchOf(flags, name), lostBy(name), lostBy('buffered'))
        : blocking(whole, mode === 'blocking-strict', lostBy(name));
    return {
      process: (event) => backend.process(event),
      async close() {
        await backend.close();
        await end();
      },
    };
  };
  if (path !== '') {
    const { write, close } = lineWriter(flags, log);
    const format = logFormats[flags['audit-log-format']]!;
    const sink: Sink = (events) => {
      for (const event of events) write(format(event));
    };
    backends.push(buffered('log', sink, close));
  }
  if (webhook !== '') {
    const server = kubeconfigWebhook(webhook, { observe: restClientMetrics(metrics) });
    const initialBackoff = flags['audit-webhook-initial-backoff'];
    const sink: Sink = async (events) => {
      const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: events };
      // Whatever went wrong, what is not delivered is lost for good.
      await withRetries(() => server.post(list), { initialBackoff, mayPass: () => true, attempts: 5 });
    };
    backends.push(buffered('webhook', sink, () => server.close()));
  }
  return { policy, backends, metrics: counts };
}

function lineWriter(flags: Flags, log: Log): { write(line: string): void; close(): Promise<void> } {
  const path = flags['audit-log-path'];
  for (const name of ['audit-log-maxage', 'audit-log-maxbackup', 'audit-log-maxsize'] as const) {
    if (flags[name] < 0) throw new UsageError(`--${name} ${flags[name]} can't be a negative number`);
  }
  if (path === '-') {
    return { write: (line) => void process.stdout.write(line), close: async () => undefined };
  }
  const file = new RotatingFile(path, {
    maxSize: flags['audit-log-maxsize'] === 0 ? Number.POSITIVE_INFINITY : flags['audit-log-maxsize'] * (1 << 20),
    maxBackups: flags['audit-log-maxbackup'],
    maxAgeDays: flags['audit-log-maxage'],
    compress: flags['audit-log-compress'],
    failed: (error) => log.warn({ reason: (error as Error).message }, 'Old audit logs could not be tidied up'),
  });
  return { write: (line) => file.write(line), close: () => file.close() };
}

function batchOf(flags: Flags, name: 'log' | 'webhook'): BatchOptions {
  const of = `audit-${name}-batch` as const;
  const bufferSize = flags[`${of}-buffer-size`];
  const maxBatchSize = flags[`${of}-max-size`];
  const [qps, burst] = [flags[`${of}-throttle-qps`], flags[`${of}-throttle-burst`]];
  if (bufferSize <= 0)
    throw new UsageError(`invalid audit batch ${name} buffer size ${bufferSize}, must be a positive number`);
  if (maxBatchSize <= 0)
    throw new UsageError(`invalid audit batch ${name} max batch size ${maxBatchSize}, must be a positive number`);
  // A log is written in order; a webhook that answers slowly, or not at all, does not hold up what comes after.
  const options = {
    bufferSize,
    maxBatchSize,
    maxWait: flags[`${of}-max-wait`],
    atOnce: name === 'log' ? 1 : batchesUnderWay,
  };
  if (!flags[`${of}-throttle-enable`]) return options;
  if (qps <= 0) throw new UsageError(`invalid audit batch ${name} throttle QPS ${qps}, must be a positive number`);
  if (burst <= 0)
    throw new UsageError(`invalid audit batch ${name} throttle burst ${burst}, must be a positive number`);
  return { ...options, throttle: { qps, burst } };
}

function truncationOf(flags: Flags, name: 'log' | 'webhook'): TruncationOptions {
  const maxEventSize = flags[`audit-${name}-truncate-max-event-size`];
  const maxBatchSize = flags[`audit-${name}-truncate-max-batch-size`];
  if (maxEventSize <= 0) {
    throw new UsageError(`invalid audit truncate ${name} max event size ${maxEventSize}, must be a positive number`);
  }
  if (maxBatchSize < maxEventSize) {
    throw new UsageError(
      `invalid audit truncate ${name} max batch size ${maxBatchSize}, must be greater than max event size (${maxEventSize})`,
    );
  }
  return { maxEventSize, maxBatchSize };
}
