import type { HostAlias, PodSpec } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Subdomain, isIp, isSearchDomain } from '../../meta/names.ts';

const maxNameservers = 3;
const maxSearches = 32;
const maxSearchBytes = 2048;

/** Errors of how a pod finds names; `at` is where its dnsConfig is. */
export function validateDnsConfig({ dnsPolicy, dnsConfig }: PodSpec, at: Path): FieldError[] {
  if (dnsPolicy === 'None') {
    if (!dnsConfig) return [required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (!dnsConfig.nameservers?.length)
      return [required(at.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  }
  if (!dnsConfig) return [];
  const { nameservers = [], searches = [], options = [] } = dnsConfig;
  const errors: FieldError[] = [];
  const servers = at.child('nameservers');
  if (nameservers.length > maxNameservers)
    errors.push(invalid(servers, nameservers, `must not have more than ${maxNameservers} nameservers`));
  for (const [i, address] of nameservers.entries()) append(errors, malformed(servers.index(i), address, isIp));
  const path = at.child('searches');
  if (searches.length > maxSearches)
    errors.push(invalid(path, searches, `must not have more than ${maxSearches} search paths`));
  if (Buffer.byteLength(searches.join(' ')) > maxSearchBytes) {
    const detail = `must not have more than ${maxSearchBytes} characters (including spaces) in the search list`;
    errors.push(invalid(path, searches, detail));
  }
  for (const [i, search] of searches.entries())
    if (search !== '.') append(errors, malformed(path.index(i), search.replace(/\.$/, ''), isSearchDomain));
  for (const [i, option] of options.entries())
    if (!option.name) errors.push(required(at.child('options').index(i), 'must not be empty'));
  return errors;
}

/** Errors of lines of a pod's own /etc/hosts. */
export function validateHostAliases(aliases: readonly HostAlias[], at: Path): FieldError[] {
  return aliases.flatMap(({ ip = '', hostnames = [] }, i) => {
    const path = at.index(i);
    return [
      ...malformed(path.child('ip'), ip, isIp),
      ...hostnames.flatMap((name, j) => malformed(path.child('hostnames').index(j), name, isDns1123Subdomain)),
    ];
  });
}
