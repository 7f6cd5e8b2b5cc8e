import type { ImageReference } from '@coracle/api/core/image-reference';
import type { Secret } from '@coracle/api/types/core/v1';
import type { AuthConfig } from '../cri/generated/runtime.v1.ts';

interface Entry {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
}

/**
 * The credentials of pull secrets (kubernetes.io/dockerconfigjson and dockercfg) that fit an image: those for the longest path first.
 * A secret that holds something else contributes nothing; `malformed` is told of one that cannot be read.
 */
export function credentialsFor(
  image: ImageReference,
  secrets: readonly Secret[],
  malformed: (secret: Secret, problem: string) => void,
): Partial<AuthConfig>[] {
  const fitting: { length: number; auth: Partial<AuthConfig> }[] = [];
  for (const secret of secrets) {
    for (const [place, entry] of entriesOf(secret, malformed)) {
      const pattern = normalize(place);
      if (fits(pattern, image)) fitting.push({ length: pattern.length, auth: authOf(entry) });
    }
  }
  return fitting.sort((a, b) => b.length - a.length).map((each) => each.auth);
}

function entriesOf(secret: Secret, malformed: (secret: Secret, problem: string) => void): [string, Entry][] {
  const json = secret.data?.['.dockerconfigjson'];
  const legacy = secret.data?.['.dockercfg'];
  const text = json ?? legacy;
  if (text === undefined) return [];
  try {
    const parsed = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as Record<string, unknown>;
    const auths = (json === undefined ? parsed : parsed['auths']) as Record<string, Entry> | undefined;
    return Object.entries(auths ?? {});
  } catch (error) {
    malformed(secret, (error as Error).message);
    return [];
  }
}

/** `https://index.docker.io/v1/` -> `docker.io`; other places lose scheme and slashes only. */
function normalize(place: string): string {
  const bare = place.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const unversioned = bare.replace(/\/v[12]$/, '');
  return unversioned === 'index.docker.io' || unversioned === 'registry-1.docker.io' ? 'docker.io' : unversioned;
}

/** Hosts match part by part, with `*` and `?` within a part; paths match by prefix. */
function fits(pattern: string, { registry, repository }: ImageReference): boolean {
  const [patternHost = '', ...patternPath] = pattern.split('/');
  const parts = patternHost.split('.');
  const actual = registry.split('.');
  if (parts.length !== actual.length || !parts.every((part, i) => glob(part).test(actual[i]!))) return false;
  const path = patternPath.join('/');
  return path === '' || repository === path || repository.startsWith(`${path}/`);
}

const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[\\^$+.()|[\]{}]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );

function authOf(entry: Entry): Partial<AuthConfig> {
  if (entry.auth) {
    const text = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon >= 0) return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
  }
  return { username: entry.username ?? '', password: entry.password ?? '', identityToken: entry.identitytoken ?? '' };
}
