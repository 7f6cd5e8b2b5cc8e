import { scheme } from '@coracle/api/builtin';
import { prefixOf, root, storageKind } from '../keys.ts';

/** `secrets`, `deployments.apps`: how a kind's objects are named in the configuration, by the place they have below the root. */
let builtin: ReadonlyMap<string, string> | undefined;

function placesOfBuiltin(): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const kind of scheme) {
    const { plural, group } = storageKind(kind);
    places.set(prefixOf(kind).slice(root.length, -1), group === '' ? plural : `${plural}.${group}`);
  }
  return places;
}

/** The resource that an entry is an object of; undefined for what the server keeps for itself (allocations, leases of servers). */
export function resourceOfKey(key: string): string | undefined {
  if (!key.startsWith(root)) return undefined;
  builtin ??= placesOfBuiltin();
  const first = key.indexOf('/', root.length);
  if (first < 0) return undefined;
  const place = builtin.get(key.slice(root.length, first));
  if (place !== undefined) return place;
  const second = key.indexOf('/', first + 1);
  if (second < 0) return undefined;
  const group = key.slice(root.length, first);
  const known = builtin.get(key.slice(root.length, second));
  // Custom resources lie under their group, which has a dot.
  return known ?? (group.includes('.') ? `${key.slice(first + 1, second)}.${group}` : undefined);
}
