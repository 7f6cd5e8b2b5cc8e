import { readFileSync } from 'node:fs';
import type { Pod } from '@coracle/api/types/core/v1';

/** What ends up in a pod's resolv.conf. */
export interface DnsConfig {
  servers: string[];
  searches: string[];
  options: string[];
}

export interface DnsSettings {
  clusterDns: readonly string[];
  clusterDomain: string;
  /** The host's own configuration as it is now; undefined where the kubelet is told to use none. Throws when it cannot be read. */
  readonly host: DnsConfig | undefined;
}

/** The kubelet's settings. The file (none with '') is read for each pod anew: the host's servers change while the kubelet runs. */
export function dnsSettings(clusterDns: readonly string[], clusterDomain: string, resolvConf: string): DnsSettings {
  return {
    clusterDns,
    clusterDomain,
    get host() {
      return resolvConf === '' ? undefined : parseResolvConf(readFileSync(resolvConf, 'utf8'));
    },
  };
}

const maxServers = 3;
const maxSearches = 32;
const maxSearchLength = 2048;

/** Reads nameserver, search and options lines as resolv.conf(5) does: the last search line wins. */
export function parseResolvConf(text: string): DnsConfig {
  const config: DnsConfig = { servers: [], searches: [], options: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0]) config.servers.push(words[0]);
    else if (keyword === 'search')
      config.searches = words.map((each) => (each === '.' ? each : each.replace(/\.$/, '')));
    else if (keyword === 'options') config.options = words;
  }
  return config;
}

/** A pod's DNS configuration by its dnsPolicy and dnsConfig; `warn` gets (reason, message) of what had to be left out. */
export function podDns(pod: Pod, settings: DnsSettings, warn: (reason: string, message: string) => void): DnsConfig {
  const config = byPolicy(pod, settings, warn);
  const own = pod.spec.dnsConfig;
  if (own) {
    config.servers = distinct([...config.servers, ...(own.nameservers ?? [])]);
    config.searches = distinct([...config.searches, ...(own.searches ?? [])]);
    const options = new Map(config.options.map((each) => [each.split(':')[0]!, each]));
    for (const { name = '', value } of own.options ?? []) options.set(name, value ? `${name}:${value}` : name);
    config.options = [...options.values()];
  }
  return withinLimits(config, warn);
}

function byPolicy(
  pod: Pod,
  { clusterDns, clusterDomain, host }: DnsSettings,
  warn: (reason: string, message: string) => void,
): DnsConfig {
  const hostConfig = (): DnsConfig =>
    host ? structuredClone(host) : { servers: ['127.0.0.1'], searches: ['.'], options: [] };
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  if (policy === 'Default' || (policy === 'ClusterFirst' && pod.spec.hostNetwork)) return hostConfig();
  if (clusterDns.length === 0) {
    warn(
      'MissingClusterDNS',
      `pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})". kubelet does not have ClusterDNS IP configured and cannot create Pod using "${policy}" policy. Falling back to "Default" policy.`,
    );
    return hostConfig();
  }
  const cluster = clusterDomain
    ? [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
    : [];
  return {
    servers: [...clusterDns],
    searches: distinct([...cluster, ...(host?.searches ?? [])]),
    options: ['ndots:5'],
  };
}

function withinLimits(config: DnsConfig, warn: (reason: string, message: string) => void): DnsConfig {
  const servers = config.servers.slice(0, maxServers);
  if (servers.length < config.servers.length) {
    warn(
      'DNSConfigForming',
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(' ')}`,
    );
  }
  let searches = config.searches.slice(0, maxSearches);
  while (searches.join(' ').length > maxSearchLength) searches = searches.slice(0, -1);
  if (searches.length < config.searches.length) {
    warn(
      'DNSConfigForming',
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(' ')}`,
    );
  }
  return { servers, searches, options: config.options };
}

const distinct = (list: string[]): string[] => [...new Set(list)];
