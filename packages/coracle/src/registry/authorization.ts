import { z } from 'zod';
import { fail } from '../failure.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { parseJson } from './json.ts';
import { send, type TransportOptions, wholeBody } from './transport.ts';

const answerShape = z
  .object({ token: z.string().optional(), access_token: z.string().optional() })
  .transform((it) => it.token ?? it.access_token);

/**
 * The value of the Authorization header by which a registry's challenge is met: a name and password, or a token that its token server gives,
 * to somebody or to anybody. Throws Failure when it cannot be met.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export async function authorizationFor(
  registry: string,
  header: string,
  credentials: Credentials | undefined,
  options: TransportOptions & { mayBePlain: boolean },
): Promise<string> {
  const challenges = parseChallenges(header);
  const bearer = challenges.find((it) => it.scheme === 'bearer');
  if (bearer) return `Bearer ${await fetchToken(registry, bearer.parameters, credentials, options)}`;
  if (challenges.some((it) => it.scheme === 'basic')) {
    if (!credentials || !('username' in credentials)) {
      fail(`${registry} wants a name and a password`, {
        next: "Put them into Docker's config.json, or name such a file with --authfile.",
      });
    }
    return basic(credentials);
  }
  return fail(`${registry} wants to know who asks in a way that is not supported: ${header || 'it does not say how'}`);
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function fetchToken(
  registry: string,
  { realm = '', service, scope }: Record<string, string>,
  credentials: Credentials | undefined,
  options: TransportOptions & { mayBePlain: boolean },
): Promise<string> {
  if (!URL.canParse(realm)) fail(`${registry} names no address to get a token at`);
  const url = new URL(realm);
  if (url.protocol !== 'https:' && !options.mayBePlain) {
    fail(`${registry} sends us to ${url.origin} for a token, which is not encrypted`);
  }
  const form = new URLSearchParams();
  if (service !== undefined) form.set('service', service);
  for (const it of scope?.split(' ') ?? []) form.append('scope', it);
  let answer: Awaited<ReturnType<typeof send>>;
  if (credentials && 'identityToken' in credentials) {
    form.set('grant_type', 'refresh_token');
    form.set('client_id', 'coracle');
    form.set('refresh_token', credentials.identityToken);
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    answer = await send(url, { method: 'POST', headers, content: Buffer.from(form.toString()) }, options);
  } else {
    for (const [name, value] of form) url.searchParams.append(name, value);
    const headers: Record<string, string> = credentials ? { Authorization: basic(credentials) } : {};
    answer = await send(url, { method: 'GET', headers }, options);
  }
  const body = await wholeBody(answer, 1 << 20);
  if (answer.statusCode === 401 || answer.statusCode === 403) {
    fail(
      `${url.origin} gives no token for ${registry}${credentials ? ' to these credentials' : ' without credentials'}`,
    );
  }
  if (answer.statusCode !== 200) fail(`${url.origin} gives no token for ${registry}: it answers ${answer.statusCode}`);
  const token = answerShape.safeParse(parseJson(body)).data;
  return token ?? fail(`${url.origin} answers something that is no token for ${registry}`);
}
