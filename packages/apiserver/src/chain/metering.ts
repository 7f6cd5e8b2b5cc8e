import type { AnyKind } from '@coracle/api/kind';
import { type Count, counters, type Distribution, gauges, histograms, scraped } from '@coracle/process/series';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Link, RequestContext } from './link.ts';
import { readVerbs } from './max-in-flight.ts';
import {
  dryRunLabel,
  fieldValidationLabel,
  labelsOf,
  type RequestLabels,
  type Served,
  selectedScopeOf,
} from './request-labels.ts';
import { apiServerUser } from './user.ts';
import { Watermark } from './watermark.ts';

const durations = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const sliDurations = durations.slice(2);
const responseSizes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const bodySizes = Array.from({ length: 31 }, (_, i) => 50_000 + i * 100_000);

const bodyVerbs: Readonly<Record<string, string>> = {
  create: 'create',
  update: 'update',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete_collection',
};

/** What a meter asks of the server. */
export interface MeterOptions {
  /** What a request is about, where that is served here. */
  readonly served: (context: RequestContext) => Served | undefined;
  /** Whether a request may last. */
  readonly isLongRunning: (context: RequestContext) => boolean;
}

/** Counts and times requests, under upstream's metric names. */
export interface RequestMeter {
  readonly link: Link;
  /** A request's time was over: it ended early, or, where its answer had begun, was broken off. */
  late(context: RequestContext): void;
  /** A watch that stands for a list has sent all there was. */
  watchListed(context: RequestContext, kind: AnyKind): void;
}

/** The series of requests that have the same labels; those that need more than the labels are made when they are needed. */
class Series {
  readonly byCode = new Map<number, Count>();
  duration: Distribution | undefined;
  sli: Distribution | undefined;
  size: Distribution | undefined;
  /** Verb and scope tell which verb of bodies it is. */
  body: Distribution | undefined;
  readonly labels: RequestLabels;
  /** Its kind is a custom resource's. */
  readonly isCustom: boolean;
  readonly dryRun: string;
  readonly isDeprecated: boolean;

  constructor(labels: RequestLabels, dryRun: string, isDeprecated: boolean, isCustom: boolean) {
    this.labels = labels;
    this.isCustom = isCustom;
    this.dryRun = dryRun;
    this.isDeprecated = isDeprecated;
  }
}

/** Makes the meter of a server's requests. What a request costs is a lookup and some additions. */
export function requestMeter(
  metrics: MetricsRegistry,
  { served: servedFor, isLongRunning }: MeterOptions,
): RequestMeter {
  const families = requestFamilies(metrics);
  const reading = new Watermark();
  const mutating = new Watermark();
  scraped(metrics, {
    name: 'apiserver_current_inflight_requests',
    help: 'The most requests that were worked on at once within the last second, reading or mutating, watches until they have begun; those that wait for their turn and other long-running ones are left out.',
    labels: ['request_kind'],
    type: 'gauge',
    read: () => [
      { labels: { request_kind: 'readOnly' }, value: reading.most(Date.now()) },
      { labels: { request_kind: 'mutating' }, value: mutating.most(Date.now()) },
    ],
  });
  const known = new Map<string, Series>();

  function seriesOf(context: RequestContext): Series {
    const { info, query } = context;
    const dryRun = dryRunLabel(query);
    const served = info.isResourceRequest ? servedFor(context) : undefined;
    // A definition may come to say that its version is deprecated.
    const isDeprecated =
      served !== undefined && (served.kind.dynamic?.deprecation ?? served.kind.deprecation) !== undefined;
    const labels = labelsOf(context, served);
    const { verb, group, version, resource, subresource, scope } = labels;
    const key = `${verb} ${scope} ${version} ${resource} ${subresource} ${group} ${dryRun} ${isDeprecated}`;
    let series = known.get(key);
    if (!series) {
      series = new Series(labels, dryRun, isDeprecated, served?.kind.dynamic !== undefined);
      known.set(key, series);
    }
    return series;
  }

  function ended(context: RequestContext, series: Series): void {
    if (context.counted === 'no') return;
    const { labels, dryRun } = series;
    const { res, query } = context;
    const seconds = (performance.now() - context.startedAt) / 1000;
    const code = res.statusCode;
    let total = series.byCode.get(code);
    if (!total) {
      total = families.total.of({ ...labels, dry_run: dryRun, code: String(code) });
      series.byCode.set(code, total);
    }
    total.inc();
    if (context.counted === 'limited') {
      families.terminations.of({ ...labels, code: String(code) }).inc();
      return;
    }
    series.duration ??= families.duration.of({ ...labels, dry_run: dryRun });
    series.duration.observe(seconds);
    if (dryRun === '' && context.info.verb !== 'watch') {
      series.sli ??= families.sli.of(labels);
      series.sli.observe(Math.max(0, seconds - context.waited / 1000));
    }
    families.validation.of({ field_validation: fieldValidationLabel(query) }).observe(seconds);
    if (isSized(context, series)) {
      series.size ??= families.size.of(labels);
      series.size.observe(context.sent);
    }
    const bodyVerb = bodyVerbs[context.info.verb];
    if (context.received !== undefined && bodyVerb) {
      const { group, resource } = labels;
      series.body ??= families.body.of({ group, resource, verb: bodyVerb });
      series.body.observe(context.received);
    }
    if (series.isDeprecated) {
      const { group, version, resource, subresource } = labels;
      families.deprecated.of({ group, version, resource, subresource, removed_release: '' }).value = 1;
    }
    if (context.user.name === apiServerUser.name) {
      const { verb, group, resource, subresource } = labels;
      families.self.of({ verb, group, resource, subresource }).inc();
    }
  }

  return {
    async link(context, next) {
      const series = seriesOf(context);
      let open: Count | undefined;
      context.inFlight = readVerbs.has(context.info.verb) ? reading : mutating;
      if (isLongRunning(context)) {
        open = families.open.of({ ...series.labels, scope: selectedScopeOf(context) });
        open.inc();
      }
      try {
        await next();
      } finally {
        open?.inc(-1);
        ended(context, series);
      }
    },
    late(context) {
      const { labels } = seriesOf(context);
      if (context.res.headersSent) {
        const { component: _, ...aborted } = labels;
        families.aborts.of(aborted).inc();
      } else families.terminations.of({ ...labels, code: '504' }).inc();
    },
    watchListed(context, { group, version, plural }) {
      const labels = { group, version, resource: plural, scope: selectedScopeOf(context) };
      families.watchList.of(labels).observe((performance.now() - context.startedAt) / 1000);
    },
  };
}

/** Whether the size of the answer is told: of reads, and of watches that are lists which go on; of health pages whatever the method. */
function isSized({ query }: RequestContext, { labels, isCustom }: Series): boolean {
  const { verb, component } = labels;
  if (verb === 'GET' || verb === 'LIST' || component === '') return true;
  return verb === 'WATCH' && !isCustom && query.has('watch');
}

function requestFamilies(metrics: MetricsRegistry) {
  const about = ['group', 'version', 'resource', 'subresource', 'scope'] as const;
  const labels = ['verb', ...about, 'component'] as const;
  return {
    total: counters(metrics, {
      name: 'apiserver_request_total',
      help: 'Requests answered, by what they asked for and the HTTP code of the answer.',
      labels: [...labels, 'dry_run', 'code'],
    }),
    duration: histograms(metrics, {
      name: 'apiserver_request_duration_seconds',
      help: 'Seconds from receiving a request to the end of its answer.',
      labels: [...labels, 'dry_run'],
      buckets: durations,
    }),
    sli: histograms(metrics, {
      name: 'apiserver_request_sli_duration_seconds',
      help: 'Seconds a request took, without the time of admission webhooks and of waiting for its turn.',
      labels,
      buckets: sliDurations,
    }),
    size: histograms(metrics, {
      name: 'apiserver_response_sizes',
      help: 'Bytes of the answers to reads.',
      labels,
      buckets: responseSizes,
    }),
    open: gauges(metrics, {
      name: 'apiserver_longrunning_requests',
      help: 'Long-running requests (watches, logs, exec, attach, port-forward, proxy) that are open now.',
      labels,
    }),
    body: histograms(metrics, {
      name: 'apiserver_request_body_size_bytes',
      help: 'Bytes of the bodies of requests.',
      labels: ['group', 'resource', 'verb'],
      buckets: bodySizes,
    }),
    deprecated: gauges(metrics, {
      name: 'apiserver_requested_deprecated_apis',
      help: 'Deprecated APIs that have been asked for: 1 each.',
      labels: ['group', 'version', 'resource', 'subresource', 'removed_release'],
    }),
    terminations: counters(metrics, {
      name: 'apiserver_request_terminations_total',
      help: 'Requests the server ended early to protect itself.',
      labels: [...labels, 'code'],
    }),
    aborts: counters(metrics, {
      name: 'apiserver_request_aborts_total',
      help: 'Answers the server broke off, as their time was over.',
      labels: ['verb', ...about],
    }),
    self: counters(metrics, {
      name: 'apiserver_selfrequest_total',
      help: "Requests that API servers made themselves, under their own user's name.",
      labels: ['verb', 'group', 'resource', 'subresource'],
    }),
    watchList: histograms(metrics, {
      name: 'apiserver_watch_list_duration_seconds',
      help: 'Seconds until a watch that stands for a list had sent all there was.',
      labels: ['group', 'version', 'resource', 'scope'],
      buckets: [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60],
    }),
    validation: histograms(metrics, {
      name: 'field_validation_request_duration_seconds',
      help: 'Seconds a request took, by the field validation it asked for.',
      labels: ['field_validation'],
      buckets: sliDurations,
    }),
  };
}
