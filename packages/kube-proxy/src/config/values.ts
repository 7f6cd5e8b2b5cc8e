import { isIP } from 'node:net';

/** Whether a text is `address/prefix length`. */
export function isCidr(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(length ?? '')) return false;
  return Number(length) <= (family === 4 ? 32 : 128);
}

/** The cluster's CIDRs: one, or one of each family, comma-separated. Returns what is wrong, if anything. */
export function clusterCidrProblem(text: string): string | undefined {
  if (text === '') return undefined;
  const cidrs = text.split(',');
  const bad = cidrs.find((each) => !isCidr(each));
  if (bad !== undefined)
    return `must be a valid CIDR block (e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48), got ${JSON.stringify(bad)}`;
  if (cidrs.length > 2)
    return 'only one CIDR allowed or a valid DualStack CIDR (e.g. 10.100.0.0/16,fde4:8dba:82e1::/48)';
  if (cidrs.length === 2 && isIP(cidrs[0]!.split('/')[0]!) === isIP(cidrs[1]!.split('/')[0]!)) {
    return 'must be a valid DualStack CIDR (e.g. 10.100.0.0/16,fde4:8dba:82e1::/48)';
  }
  return undefined;
}

export function nodePortAddressesProblem(list: readonly string[]): string | undefined {
  if (list.length === 1 && list[0] === 'primary') return undefined;
  if (list.includes('primary')) return "can't use both 'primary' and CIDRs";
  const bad = list.find((each) => !isCidr(each));
  return bad === undefined ? undefined : `must be a valid CIDR, got ${JSON.stringify(bad)}`;
}

/** Splits `host:port`, `[v6]:port` or a bare address (then with the given port). Undefined for an empty text. Throws otherwise. */
export function hostPort(text: string, defaultPort: number): { host: string; port: number } | undefined {
  if (text === '') return undefined;
  if (isIP(text) !== 0) return { host: text, port: defaultPort };
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (!match || isIP(host) === 0 || port > 65_535) throw new Error(`must be IP:port, got ${JSON.stringify(text)}`);
  return { host, port };
}
