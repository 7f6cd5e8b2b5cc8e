import { histograms } from '@coracle/process/series';
import type { Registry } from 'prom-client';
import type { Layer } from './latencies.ts';
import type { Link } from './link.ts';

/** Times links of the chain, under upstream's metric name and names of filters: from a link's begin to the next one's. */
export function filterDurations(metrics: Registry): (filter: string, link: Link) => Link {
  const family = histograms(metrics, {
    name: 'apiserver_request_filter_duration_seconds',
    help: 'Seconds a request spent in a link of the chain, until it went on.',
    labels: ['filter'],
    buckets: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 5, 10, 15, 30],
  });
  return (filter, link) => {
    const series = family.of({ filter });
    const layer = layers[filter];
    return (context, next) => {
      const begun = performance.now();
      return link(context, () => {
        const milliseconds = performance.now() - begun;
        series.observe(milliseconds / 1000);
        if (layer) context.latencies.add(layer, milliseconds);
        return next();
      });
    };
  };
}

/** Filters whose time audit events tell too. */
const layers: Readonly<Record<string, Layer>> = {
  authentication: 'authentication',
  authorization: 'authorization',
  constrainedimpersonation: 'impersonation',
};
