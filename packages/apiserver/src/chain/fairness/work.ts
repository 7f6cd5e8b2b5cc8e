import type { Registry } from '../../registry/registry.ts';
import type { RequestContext } from '../link.ts';
import { groupVersionOf } from '../request-info.ts';
import type { FlowCounts } from './flow-counts.ts';

/** Bytes of an answer that are one more seat. */
const bytesOfSeat = 100_000;
/** Answers are streamed: what is in work at once does not grow beyond this, in bytes. */
const mostBytes = 1_000_000;

/** So many watches are one seat of a write, for so many milliseconds after its end. */
const watchesOfSeat = 10;
const tellingTime = 5;
const widestWrite = 10;

/** What a request takes. From its beginning on it has the more of both seats. */
export interface Work {
  /** Seats while it is worked on. */
  readonly initial: number;
  /** Seats after its end, while those who watch what it has changed are being told. */
  readonly final: number;
  /** How long that takes, in milliseconds. */
  readonly after: number;
}

const least: Work = { initial: 1, final: 0, after: 0 };
const writes = new Set(['create', 'update', 'patch', 'delete']);

/** The seats that a request has. */
export const seatsOf = ({ initial, final }: Work): number => Math.max(initial, final);

/**
 * The work of a request, as upstream estimates it (KEP-1040): a list, or a watch that begins with one, takes a seat for each 100 kB of its answer; a
 * write, after its end, one for each ten watches that may have to be told of it; no more than `widest`, then for longer; all others take one.
 */
export function workOf(registry: Registry, context: RequestContext, widest: number, counts: FlowCounts): Work {
  const { info, query } = context;
  if (writes.has(info.verb)) return info.isResourceRequest ? writing(registry, context, widest, counts) : least;
  if (widest <= 1 || (info.verb !== 'list' && (info.verb !== 'watch' || !beginsWithList(query)))) return least;
  return { initial: listing(registry, context, widest), final: 0, after: 0 };
}

function beginsWithList(query: URLSearchParams): boolean {
  return query.get('sendInitialEvents') === 'true' || ['', '0'].includes(query.get('resourceVersion') ?? '');
}

/** What a selector leaves out is counted: it has to be looked at. */
function listing(registry: Registry, { info, query }: RequestContext, widest: number): number {
  const kind = kindOf(registry, info);
  const cache = kind && registry.find(kind)?.cache;
  if (!cache || cache.size === 0) return 1;
  let count = info.name === '' ? cache.count(kind.namespaced ? info.namespace : '') : 1;
  const limit = Number(query.get('limit') ?? 0);
  // A list of whatever there is ("0") is served whole, limit or not.
  if (limit > 0 && query.get('resourceVersion') !== '0') count = Math.min(count, limit);
  const bytes = Math.min((count * cache.bytes) / cache.size, mostBytes);
  return Math.max(1, Math.min(widest, Math.ceil(bytes / bytesOfSeat)));
}

function writing(registry: Registry, { info }: RequestContext, widest: number, counts: FlowCounts): Work {
  // A token is made of an account, and nobody is told.
  if (info.subresource === 'token' && info.resource === 'serviceaccounts') return least;
  const kind = kindOf(registry, info);
  const watches = (kind && registry.find(kind)?.hub.interested(kind.namespaced ? info.namespace : '', info.name)) ?? 0;
  counts.watches.observe(watches);
  if (watches < watchesOfSeat) return least;
  const told = Math.ceil(watches / watchesOfSeat);
  const final = Math.min(widest, widestWrite, told);
  return { initial: 1, final, after: (told * tellingTime) / final };
}

function kindOf({ scheme }: Registry, info: RequestContext['info']) {
  return scheme.resource(groupVersionOf(info), info.resource);
}
