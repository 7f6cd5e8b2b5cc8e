import type { FlagValues } from '@coracle/process/flags';
import { UsageError } from '@coracle/process/program';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { apiServerFlags } from '../flags.ts';
import type { Page } from '../pages.ts';
import type { Registry } from '../registry/registry.ts';
import { debugPages } from './fairness/debug-pages.ts';
import { FlowControl } from './fairness/flow-control.ts';
import { FlowSchemaStatus } from './fairness/flow-schema-status.ts';
import { FlowControlFollower } from './fairness/following.ts';
import { fairness } from './fairness/link.ts';
import { observeFairness } from './fairness/metrics.ts';
import { observeRequestUse, RequestUse } from './fairness/request-use.ts';
import { workOf } from './fairness/work.ts';
import type { Link } from './link.ts';
import { isUnlimited } from './long-running.ts';
import { maxInFlight } from './max-in-flight.ts';
import { Watermark } from './watermark.ts';

/** What limits how many requests are worked on at once, and the pages that tell of it. */
export interface Limiting {
  readonly link: Link;
  /** What upstream's metrics call the link. */
  readonly filter: 'maxinflight' | 'priorityandfairness';
  readonly pages: Readonly<Record<string, Page>>;
}

/** As the flags say: priority and fairness, or two numbers. Throws a UsageError where there would be no seats at all. */
export function limitingOf(
  flags: FlagValues<typeof apiServerFlags.flags>,
  registry: Registry,
  metrics: MetricsRegistry,
  log: { warn(details: object, message: string): void },
): Limiting {
  const readOnly = flags['max-requests-inflight'];
  const mutating = flags['max-mutating-requests-inflight'];
  if (!flags['enable-priority-and-fairness']) {
    return { link: maxInFlight({ readOnly, mutating }), filter: 'maxinflight', pages: {} };
  }
  if (readOnly + mutating <= 0) {
    const given = `--max-requests-inflight=${readOnly} and --max-mutating-requests-inflight=${mutating}`;
    throw new UsageError(`${given} must add up to something positive with --enable-priority-and-fairness`);
  }
  const control = new FlowControl({ seats: readOnly + mutating });
  registry.follow(new FlowControlFollower(control, registry));
  registry.follow(new FlowSchemaStatus(registry, log));
  const queued = { reading: new Watermark(), mutating: new Watermark() };
  observeFairness(metrics, control, queued);
  const use = (phase: 'executing' | 'waiting') =>
    new RequestUse(
      () => performance.now(),
      () => control.room[phase],
    );
  const phases = () => ({ executing: use('executing'), waiting: use('waiting') });
  const uses = { readOnly: phases(), mutating: phases() };
  observeRequestUse(metrics, uses);
  const link = fairness(control, {
    work: (context, widest, counts) => workOf(registry, context, widest, counts),
    requestTimeout: flags['request-timeout'],
    isUnlimited,
    queued,
    uses,
  });
  return { link, filter: 'priorityandfairness', pages: debugPages(control) };
}
