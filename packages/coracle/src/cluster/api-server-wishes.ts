import { isIP } from 'node:net';
import { isDns1123Subdomain, isWildcardDns1123Subdomain } from '@coracle/api/meta/names';
import { z } from 'zod';

const certificateName = z.string().check(({ value, issues }) => {
  if (isIP(value) !== 0) return;
  const problems = value.startsWith('*') ? isWildcardDns1123Subdomain(value) : isDns1123Subdomain(value);
  for (const message of problems) issues.push({ code: 'custom', message, input: value });
});

/** What a user says of how the API is reached from other machines. */
export const apiServerWishes = z.strictObject({
  /** Further names and addresses that the API servers' certificates are good for. */
  certSANs: z.array(certificateName).default([]),
  /** `host:port` that machines which join are to reach the API by; where it leads to is the user's doing. */
  externalAddress: z
    .string()
    .refine(isHostAndPort, { error: 'must be HOST:PORT, such as k8s.example:6443' })
    .optional(),
});

/** Host and port of a text such as `k8s.example:6443`. Throws TypeError on what is none. */
export function hostAndPort(text: string): { host: string; port: number } {
  const { hostname, port, pathname, username, search, hash } = new URL(`https://${text}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  // A port of 443 is left out by URL, as it is the default.
  if (pathname !== '/' || username || search || hash || !/:\d+$/.test(text))
    throw new TypeError(`${text} is no host and port`);
  if (isIP(host) === 0 && isDns1123Subdomain(host).length > 0) throw new TypeError(`${host} is no host`);
  return { host, port: port === '' ? 443 : Number(port) };
}

function isHostAndPort(text: string): boolean {
  try {
    return hostAndPort(text).port > 0;
  } catch (error) {
    if (error instanceof TypeError) return false; // says itself that it is none
    throw error;
  }
}

export type ApiServerWishes = z.infer<typeof apiServerWishes>;
