import type { Volume, VolumeProjection } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';

interface PlacedPath {
  path: string;
  /** What it comes from, where that is not the whole volume. */
  from?: string;
}

/** What a client is warned of in the files of volumes: two at one path, or one where another has a directory. */
export function pathWarnings(volumes: readonly Volume[] = []): string[] {
  const warnings: string[] = [];
  for (const volume of volumes) {
    const { name, configMap, secret, downwardAPI, projected } = volume;
    const report = (what: string, paths: readonly PlacedPath[]) =>
      append(
        warnings,
        overlaps(paths).map((text) => `volume ${JSON.stringify(name)} (${what}): overlapping paths: ${text}`),
      );
    if (configMap?.items) report(`ConfigMap ${JSON.stringify(configMap.name ?? '')}`, configMap.items);
    if (secret?.items) report(`Secret ${JSON.stringify(secret.secretName ?? '')}`, secret.items);
    if (downwardAPI?.items) report('DownwardAPI', downwardAPI.items);
    if (!projected) continue;
    const { sources = [] } = projected;
    for (const source of sources)
      if (Object.keys(source).length === 0)
        warnings.push(`volume ${JSON.stringify(name)} (Projected) has no sources provided`);
    report('Projected', sources.flatMap(projectedPaths));
  }
  return warnings;
}

function projectedPaths({ configMap, secret, downwardAPI, serviceAccountToken }: VolumeProjection): PlacedPath[] {
  const of = (items: readonly PlacedPath[], from: string) => items.map(({ path }) => ({ path, from }));
  if (configMap?.items) return of(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret?.items) return of(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI?.items) return of(downwardAPI.items, 'DownwardAPI');
  return serviceAccountToken ? of([serviceAccountToken], 'ServiceAccountToken') : [];
}

/** So many pairs are told: more than there is room for in an answer. */
const maxPairs = 128;

/** What is said of each two of the paths of which one is the other, or is below it. In order, what is below a path follows it at once. */
function overlaps(paths: readonly PlacedPath[]): string[] {
  if (paths.length < 2) return [];
  const placed = paths.map(({ path, from }, index) => ({ path: path.replace(/\/+$/, ''), from, index }));
  const ordered = placed.filter(({ path }) => path !== '').map((each) => ({ each, directory: `${each.path}/` }));
  ordered.sort((a, b) => (a.directory === b.directory ? 0 : a.directory < b.directory ? -1 : 1));
  const above: typeof ordered = [];
  const pairs: (typeof placed)[] = [];
  for (const one of ordered) {
    while (above.length > 0 && !one.directory.startsWith(above.at(-1)!.directory)) above.pop();
    for (const other of above) {
      if (pairs.length === maxPairs) break;
      pairs.push([one.each, other.each].sort((a, b) => b.index - a.index));
    }
    above.push(one);
  }
  pairs.sort(([a, b], [c, d]) => a!.index - c!.index || b!.index - d!.index);
  return pairs.map(([later, earlier]) => `${shown(later!)} with ${shown(earlier!)}`);
}

function shown({ path, from }: PlacedPath): string {
  return from === undefined ? JSON.stringify(path) : `${JSON.stringify(path)} (${from})`;
}
