import type { AnyKind } from '@coracle/api/kind';
import { UsageError } from '@coracle/process/program';

/** Keys for all versions of a stability at once, and whether a version is of it; a later one goes before an earlier one. */
const stabilities: Readonly<Record<string, RegExp>> = {
  'api/all': /^/,
  'api/ga': /^v\d+$/,
  'api/beta': /^v\d+beta\d+$/,
  'api/alpha': /^v\d+alpha\d+$/,
};

/**
 * Which of the built-in kinds are served, as --runtime-config says: `api/all`, `api/ga`, `api/beta`, `api/alpha`, `GROUP/VERSION` (`v1` or `api/v1`
 * for the core group) and `GROUP/VERSION/RESOURCE`, each with `=true` or `=false`; the closer key counts. What is not served can still be
 * stored: the server itself goes on using it. Throws on keys that name nothing, in upstream's words.
 */
export function servedKinds(config: readonly string[], kinds: Iterable<AnyKind>): (kind: AnyKind) => boolean {
  const wanted = new Map(config.map(entryOf));
  if (wanted.size === 1 && wanted.get('api/all') === false) {
    throw new UsageError('invalid key with only --runtime-config=api/all=false');
  }
  check(wanted, [...kinds]);
  return ({ apiVersion, version, plural }) => {
    const closer = wanted.get(`${apiVersion}/${plural}`) ?? wanted.get(apiVersion);
    if (closer !== undefined) return closer;
    const named = Object.keys(stabilities).filter((key) => wanted.has(key) && stabilities[key]!.test(version));
    return named.length === 0 || wanted.get(named.at(-1)!)!;
  };
}

function entryOf(text: string): [string, boolean] {
  const [key = '', value = ''] = text.split('=', 2).map((each) => each.trim());
  if (!['', 'true', 'false'].includes(value)) {
    throw new UsageError(`invalid value of --runtime-config: ${key}=${value}: must be true or false`);
  }
  return [key.replace(/^api\/v1(?=\/|$)/, 'v1'), value !== 'false'];
}

function check(wanted: ReadonlyMap<string, boolean>, kinds: readonly AnyKind[]): void {
  const groups = new Set(kinds.map(({ group }) => group));
  const versions = new Set(kinds.map(({ apiVersion }) => apiVersion));
  const resources = new Set(kinds.map(({ apiVersion, plural }) => `${apiVersion}/${plural}`));
  for (const [key, value] of wanted) {
    if (Object.hasOwn(stabilities, key)) {
      const isServed = key === 'api/all' || kinds.some(({ version }) => stabilities[key]!.test(version));
      if (value && !isServed)
        throw new UsageError(`--runtime-config=${key}=true is not supported: no such version is here`);
      continue;
    }
    if (versions.has(key) || resources.has(key)) continue;
    const [group = '', version] = key.split('/');
    if (version === undefined || !groups.has(group)) throw new UsageError(`unknown api groups ${group}`);
    throw new UsageError(
      versions.has(`${group}/${version}`)
        ? `--runtime-config: there is no resource ${key}`
        : `group version ${group}/${version} that has not been registered`,
    );
  }
}
