import type { Call } from '../cli/command.ts';
import { readManifests } from '../manifests/read.ts';
import type { AnyObject, Resource } from '../resources/resource.ts';
import type { Info } from '../resources/selection.ts';

/** The objects of files, for --local: their resources are guessed from their kinds, as no server is asked. */
export async function localInfos(
  { flags, terminal }: Call,
  filenames: readonly string[],
): Promise<{ infos: Info[]; errors: unknown[]; single: boolean }> {
  const manifests = await readManifests(filenames, flags.bool('recursive'), terminal, undefined);
  const infos: Info[] = [];
  const errors: unknown[] = [];
  for (const manifest of manifests) {
    if ('error' in manifest) errors.push(manifest.error);
    else {
      const { object, source } = manifest;
      infos.push({
        resource: guessedResource(object),
        namespace: object.metadata.namespace ?? '',
        name: object.metadata.name ?? '',
        source,
        object,
      });
    }
  }
  return { infos, errors, single: infos.length === 1 };
}

export function guessedResource({ apiVersion, kind }: AnyObject): Resource {
  const slash = apiVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    apiVersion,
    kind,
    name: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    namespaced: true,
    shortNames: [],
    categories: [],
    verbs: [],
  };
}
