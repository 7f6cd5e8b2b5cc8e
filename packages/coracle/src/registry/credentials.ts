import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../failure.ts';

/** Who asks: a name and a password, or a token that stands for both. */
export type Credentials = { username: string; password: string } | { identityToken: string };

const file = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        identitytoken: z.string().optional(),
      }),
    )
    .optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});

/** Docker's own place for credentials, `config.json`. */
const defaultFile = (): string => join(process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');

/**
 * The credentials for a registry in a file of Docker's format; undefined when it has none. Without a name the usual file is read, if there is
 * one. Throws Failure when the file cannot be understood, or leaves the registry to a program that keeps passwords.
 */
export function credentialsFor(registry: string, named = ''): Credentials | undefined {
  const path = named === '' ? defaultFile() : named;
  if (named === '' && !existsSync(path)) return undefined;
  const config = read(path);
  const [, entry] = Object.entries(config.auths ?? {}).find(([place]) => hostOf(place) === registry) ?? [];
  const helper =
    config.credHelpers?.[registry] ?? (entry && Object.keys(entry).length === 0 ? config.credsStore : undefined);
  if (helper !== undefined) {
    fail(`${path} leaves the credentials of ${registry} to docker-credential-${helper}, which is not supported`, {
      next: 'Give --authfile a file that holds them.',
    });
  }
  if (!entry) return undefined;
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.auth === undefined) return { username: entry.username ?? '', password: entry.password ?? '' };
  const text = Buffer.from(entry.auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) fail(`${path}: the "auth" of ${registry} is not NAME:PASSWORD in base64`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function read(path: string): z.infer<typeof file> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return fail(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    const parsed = file.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    return fail(`${path} is no file of credentials: ${z.prettifyError(parsed.error)}`);
  } catch (error) {
    if (error instanceof SyntaxError) return fail(`${path} is no file of credentials: it is not JSON`); // its text may hold secrets
    throw error;
  }
}

/** `https://index.docker.io/v1/` -> `docker.io` */
function hostOf(place: string): string {
  const host = place.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}
