import type { Registry } from '../../registry/registry.ts';
import type { RequestContext } from '../link.ts';

/** Bytes of an answer that are one more seat. */
const bytesOfSeat = 100_000;
/** Answers are streamed: what is in work at once does not grow beyond this, in bytes. */
const mostBytes = 1_000_000;

/**
 * Seats a request takes: a list, or a watch that begins with one, as many as its answer is large; all others one. What a selector leaves out is
 * counted: it has to be looked at.
 */
export function seatsOf(registry: Registry, { info, query }: RequestContext, widest: number): number {
  if (info.verb !== 'list' && (info.verb !== 'watch' || query.get('sendInitialEvents') !== 'true')) return 1;
  if (info.name !== '' || widest <= 1) return 1;
  const apiVersion = info.apiGroup === '' ? info.apiVersion : `${info.apiGroup}/${info.apiVersion}`;
  const kind = registry.scheme.resource(apiVersion, info.resource);
  const cache = kind && registry.find(kind)?.cache;
  if (!cache || cache.size === 0) return 1;
  let count = cache.count(kind.namespaced ? info.namespace : '');
  const limit = Number(query.get('limit') ?? 0);
  // A list of whatever there is ("0") is served whole, limit or not.
  if (limit > 0 && query.get('resourceVersion') !== '0') count = Math.min(count, limit);
  const bytes = Math.min((count * cache.bytes) / cache.size, mostBytes);
  return Math.max(1, Math.min(widest, Math.ceil(bytes / bytesOfSeat)));
}
