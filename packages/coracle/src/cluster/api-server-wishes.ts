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
    .refine((text) => hostAndPort(text) !== undefined, { error: 'must be HOST:PORT, such as k8s.example:6443' })
    .optional(),
});

/** Host and port of a text such as `k8s.example:6443`; undefined for what is none. */
export function hostAndPort(text: string): { host: string; port: number } | undefined {
  const [, given] = /:(\d+)$/.exec(text) ?? [];
  if (given === undefined || Number(given) === 0 || !URL.canParse(`https://${text}`)) return undefined;
  const { hostname, pathname, username, search, hash } = new URL(`https://${text}`);
  if (pathname !== '/' || username || search || hash) return undefined;
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 && isDns1123Subdomain(host).length > 0 ? undefined : { host, port: Number(given) };
}

export type ApiServerWishes = z.infer<typeof apiServerWishes>;
