import { node } from '@coracle/api/core/v1/node';
import type { Node } from '@coracle/api/types/core/v1';
import { defineController, type Scope, type Watch } from '../../controller.ts';
import type { Settings } from '../../settings.ts';
import { parseNetwork, RangeSet } from './ranges.ts';

/** How long the parts are by default, by address family. */
const defaultMaskSize = { 4: 24, 6: 64 } as const;

/** What the controller holds between reconciles: the ranges, and which node has what. */
interface Book {
  ranges: RangeSet[];
  held: Map<string, readonly string[]>;
}

const books = new WeakMap<Scope, Book>();

/** Gives each node a range of pod addresses out of --cluster-cidr (--allocate-node-cidrs). */
export const nodeIpamController = defineController({
  name: 'node-ipam-controller',
  aliases: ['nodeipam'],
  serviceAccount: 'node-controller',
  component: 'cidrAllocator',
  // One worker: ranges are handed out in turn.
  workers: () => 1,
  disabled: ({ allocateNodeCidrs, clusterCidrs }) => {
    if (!allocateNodeCidrs) return '--allocate-node-cidrs is not set';
    return clusterCidrs.length === 0 ? '--cluster-cidr is not set' : undefined;
  },
  watches: [accounted()],

  async reconcile(name, scope) {
    const it = scope.listers.get(node, name);
    if (!it || it.metadata.deletionTimestamp || it.spec.podCIDR) return;
    const book = bookOf(scope);
    const parts: string[] = [];
    for (const range of book.ranges) {
      const part = range.allocate();
      if (part === undefined) {
        release(book, parts);
        scope.record(it, node, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
        throw new Error(`CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range`);
      }
      parts.push(part);
    }
    book.held.set(name, parts);
    try {
      const body = { spec: { podCIDR: parts[0], podCIDRs: parts } };
      await scope.client.patch(node, name, undefined, { type: 'strategic', body });
    } catch (error) {
      book.held.delete(name);
      release(book, parts);
      throw error;
    }
  },
});

/** Watches nodes: ranges of those that have one are taken, ranges of those that go are free again. */
function accounted(): Watch {
  return ({ informers }, scope) => {
    const informer = informers.of(node);
    const seen = (it: Node): void => {
      const book = bookOf(scope);
      const parts = it.spec.podCIDRs ?? [];
      for (const range of book.ranges) for (const part of parts) range.occupy(part);
      if (parts.length > 0) book.held.set(it.metadata.name!, parts);
      else scope.enqueue(it.metadata.name!);
    };
    informer.on({
      added: seen,
      updated: (_old, it) => seen(it),
      deleted: (it) => {
        const book = bookOf(scope);
        release(book, book.held.get(it.metadata.name!) ?? []);
        book.held.delete(it.metadata.name!);
      },
    });
    return informer as never;
  };
}

function release(book: Book, parts: readonly string[]): void {
  for (const range of book.ranges) for (const part of parts) range.release(part);
}

function bookOf(scope: Scope): Book {
  const known = books.get(scope);
  if (known) return known;
  const book = { ranges: rangesFor(scope.settings), held: new Map() };
  books.set(scope, book);
  return book;
}

/** A set of ranges a cluster CIDR; none overlaps the Service range. Throws on flags that do not fit together. */
export function rangesFor(settings: Settings): RangeSet[] {
  return settings.clusterCidrs.map((text) => {
    const network = parseNetwork(text);
    const perFamily = network.family === 4 ? settings.nodeCidrMaskSizeIpv4 : settings.nodeCidrMaskSizeIpv6;
    const set = new RangeSet(network, perFamily ?? settings.nodeCidrMaskSize ?? defaultMaskSize[network.family]);
    for (const services of settings.serviceClusterIpRange.split(',').filter(Boolean)) set.occupy(services);
    return set;
  });
}
