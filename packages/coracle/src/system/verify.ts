import { builtImage } from '../images/build.ts';
import { recipeFor, withImage } from '../images/source.ts';
import type { RegistryOptions } from '../registry/registry.ts';
import { remoteImage } from '../registry/transfer.ts';
import { type Deployment, versionOf } from './deployment.ts';

/** How an installed image compares to what its name stands for today. */
export interface Verified {
  name: string;
  local: string;
  remote: string;
  differs: boolean;
}

/** Compares a system container's image with the one its name stands for: in its registry, in its archive, or among those built here. */
export async function verify(deployment: Deployment, options: RegistryOptions): Promise<Verified> {
  const { name, image, version, digest } = deployment;
  const remote = await current(image, options);
  return {
    name,
    local: shown(version, digest),
    remote: remote ? shown(remote.version, remote.digest) : 'not built',
    differs: remote?.digest !== digest,
  };
}

async function current(
  image: string,
  options: RegistryOptions,
): Promise<{ version: string; digest: string } | undefined> {
  const recipe = recipeFor(image);
  if (recipe && !builtImage(recipe)) return undefined;
  if (recipe || image.startsWith('oci-archive:')) {
    return withImage(image, options, async (it) => ({ version: versionOf(it), digest: it.manifest.digest }));
  }
  const it = await remoteImage(image, options);
  return { version: versionOf(it), digest: it.manifest.digest };
}

const shown = (version: string, digest: string): string => `${version} (${digest.slice('sha256:'.length, 19)})`;
