import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type Registry as MetricsRegistry } from 'prom-client';
import type { Registry } from '../registry/registry.ts';
import type { Link, RequestContext } from './link.ts';

const durations = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

/** Upstream's verb label: LIST of a collection, APPLY of an apply patch, the method in capitals elsewhere. */
function verbOf({ info, req }: RequestContext): string {
  if (!info.isResourceRequest) return req.method ?? '';
  switch (info.verb) {
    case 'list':
    case 'watch':
    case 'deletecollection':
      return info.verb.toUpperCase();
    case 'create':
      return 'POST';
    case 'update':
      return 'PUT';
    case 'patch':
      return req.headers['content-type']?.startsWith('application/apply-patch') ? 'APPLY' : 'PATCH';
    default:
      return info.verb.toUpperCase();
  }
}

function scopeOf({ info }: RequestContext): string {
  if (!info.isResourceRequest) return '';
  if (info.name !== '' || info.verb === 'create') return 'resource';
  return info.namespace === '' ? 'cluster' : 'namespace';
}

/** The link that counts and times requests, under upstream's metric names. `isServed`: labels only say what is served, so that no client can make series. */
export function metering(metrics: MetricsRegistry, isServed: (context: RequestContext) => boolean): Link {
  const labels = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];
  const registers = [metrics];
  const total = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests answered, by what they asked for and the HTTP code of the answer.',
    labelNames: [...labels, 'code'],
    registers,
  });
  const duration = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Seconds from receiving a request to the end of its answer; watches are left out.',
    labelNames: labels,
    buckets: durations,
    registers,
  });
  const longRunning = new Gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Watches that are open now.',
    labelNames: labels.filter((each) => each !== 'dry_run'),
    registers,
  });
  const inflight = new Gauge({
    name: 'apiserver_current_inflight_requests',
    help: 'Requests that are being answered now, reading or mutating.',
    labelNames: ['request_kind'],
    registers,
  });
  return async (context, next) => {
    const { info, query, res, receivedAt } = context;
    const known = isServed(context);
    const described = {
      verb: verbOf(context),
      group: known ? info.apiGroup : '',
      version: known ? info.apiVersion : '',
      resource: known ? info.resource : '',
      subresource: known ? info.subresource : '',
      scope: scopeOf(context),
      component: 'apiserver',
    };
    const isWatch = info.verb === 'watch';
    const kind = ['get', 'list'].includes(info.verb) ? 'readOnly' : 'mutating';
    if (isWatch) longRunning.inc(described);
    else inflight.inc({ request_kind: kind });
    try {
      await next();
    } finally {
      if (isWatch) longRunning.dec(described);
      else inflight.dec({ request_kind: kind });
      const labeled = { ...described, dry_run: query.get('dryRun') ?? '' };
      total.inc({ ...labeled, code: String(res.statusCode) });
      if (!isWatch) duration.observe(labeled, (Date.now() - receivedAt) / 1000);
    }
  };
}

/** Gauges that are read when they are scraped: watches, cached objects, and how long the event loop was held. */
export function observeServer(metrics: MetricsRegistry, registry: Registry): void {
  const registers = [metrics];
  new Gauge({
    name: 'apiserver_registered_watchers',
    help: 'Watches that are open on a resource now.',
    labelNames: ['group', 'version', 'kind'],
    registers,
    collect() {
      for (const { kind, watches } of registry.watchCounts()) {
        this.set({ group: kind.group, version: kind.version, kind: kind.kind }, watches);
      }
    },
  });
  new Gauge({
    name: 'apiserver_storage_objects',
    help: 'Objects in the watch cache, by resource.',
    labelNames: ['resource'],
    registers,
    collect() {
      for (const { kind, objects } of registry.watchCounts()) {
        this.set({ resource: kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}` }, objects);
      }
    },
  });
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  new Gauge({
    name: 'coracle_event_loop_hold_seconds',
    help: 'Longest time the event loop was held since the last scrape.',
    registers,
    collect() {
      this.set(Math.max(0, delay.max / 1e9 - 0.01));
      delay.reset();
    },
  });
}
