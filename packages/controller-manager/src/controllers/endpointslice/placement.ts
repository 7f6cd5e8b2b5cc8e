import { deepEqual } from '@coracle/api/meta/object';
import type { Endpoint, EndpointPort, EndpointSlice } from '@coracle/api/types/discovery/v1';
import { type EndpointGroup, endpointId, samePorts } from './desired.ts';

/** What to write so that the slices hold the wanted endpoints. */
export interface Placement {
  create: { ports: EndpointPort[]; endpoints: Endpoint[] }[];
  update: { slice: EndpointSlice; endpoints: Endpoint[] }[];
  remove: EndpointSlice[];
  keep: EndpointSlice[];
}

/**
 * Places wanted endpoints in slices of at most `max`, changing as few slices as possible: endpoints stay where they are; new ones fill
 * slices that change anyway, then one unchanged slice with room for all that is left, then new slices.
 */
export function place(groups: readonly EndpointGroup[], slices: readonly EndpointSlice[], max: number): Placement {
  const placement: Placement = { create: [], update: [], remove: [], keep: [] };
  const left = new Set(slices);
  for (const group of groups) {
    const own = slices.filter((slice) => left.has(slice) && samePorts(slice.ports, group.ports));
    for (const slice of own) left.delete(slice);
    placeGroup(group, own, max, placement);
  }
  placement.remove.push(...left);
  return placement;
}

function placeGroup(group: EndpointGroup, slices: readonly EndpointSlice[], max: number, into: Placement): void {
  const wanted = new Map(group.endpoints.map((each) => [endpointId(each), each]));
  const unchanged: { slice: EndpointSlice; endpoints: Endpoint[] }[] = [];
  const changed: { slice: EndpointSlice; endpoints: Endpoint[] }[] = [];
  const empty: EndpointSlice[] = [];
  for (const slice of slices) {
    let touched = false;
    const endpoints: Endpoint[] = [];
    for (const existing of slice.endpoints ?? []) {
      const next = wanted.get(endpointId(existing));
      if (!next || endpoints.length === max) {
        touched = true;
        continue;
      }
      wanted.delete(endpointId(existing));
      touched ||= !deepEqual(existing, next);
      endpoints.push(next);
    }
    if (endpoints.length === 0) empty.push(slice);
    else (touched ? changed : unchanged).push({ slice, endpoints });
  }
  const rest = [...wanted.values()];
  changed.sort((a, b) => b.endpoints.length - a.endpoints.length);
  for (const each of changed) each.endpoints.push(...rest.splice(0, max - each.endpoints.length));
  // An emptied slice is used again before a new one is made.
  while (rest.length > 0 && empty.length > 0) changed.push({ slice: empty.shift()!, endpoints: rest.splice(0, max) });
  while (rest.length >= max) into.create.push({ ports: group.ports, endpoints: rest.splice(0, max) });
  if (rest.length > 0) {
    const roomy = unchanged
      .filter((each) => each.endpoints.length + rest.length <= max)
      .sort((a, b) => b.endpoints.length - a.endpoints.length)[0];
    if (roomy) {
      unchanged.splice(unchanged.indexOf(roomy), 1);
      changed.push({ slice: roomy.slice, endpoints: [...roomy.endpoints, ...rest] });
    } else into.create.push({ ports: group.ports, endpoints: rest });
  }
  into.update.push(...changed);
  into.keep.push(...unchanged.map((each) => each.slice));
  into.remove.push(...empty);
}
