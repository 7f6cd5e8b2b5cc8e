import { existsSync, readFileSync } from 'node:fs';
import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isDns1123Subdomain } from '@coracle/api/meta/names';
import { UsageError } from '@coracle/process/program';
import type { DnsFlags } from './flags.ts';
import { nameservers, type ServerAddress, serverAddress } from './upstream/resolv-conf.ts';
import { isEncodable } from './wire/records.ts';
import type { PodMode } from './zone/zone.ts';

/** What the flags ask for, checked. Durations are in milliseconds, times to live in seconds. */
export interface Settings {
  domain: string;
  pods: PodMode;
  ttl: number;
  addresses: string[];
  port: number;
  servers: ServerAddress[];
  upstreamTimeout: number;
  maxConcurrent: number;
  cacheTtl: number;
  healthPort: number;
  readyPort: number;
  metricsPort: number;
}

/** Reads the flags, and the file they name. Throws UsageError about what cannot be used. */
export function settingsOf(flags: DnsFlags, changed: ReadonlySet<string>): Settings {
  const domain = flags['cluster-domain'].toLowerCase().replace(/\.$/, '');
  const [problem] = isDns1123Subdomain(domain);
  if (problem !== undefined) fail('cluster-domain', domain, problem);
  if (!isEncodable(domain)) fail('cluster-domain', domain, 'has a label of more than 63 characters');
  inRange(flags, 'ttl', 0, 3600);
  inRange(flags, 'cache-ttl', 0, 86_400);
  inRange(flags, 'upstream-max-concurrent', 1, 100_000);
  inRange(flags, 'upstream-timeout', 1, 60_000);
  inRange(flags, 'lameduck', 0, 600_000);
  for (const port of ['port', 'health-port', 'ready-port', 'metrics-port'] as const) inRange(flags, port, 0, 65_535);
  return {
    domain,
    pods: flags.pods as PodMode,
    ttl: flags.ttl,
    addresses: addressesOf(flags, changed),
    port: flags.port,
    servers: serversOf(flags, changed),
    upstreamTimeout: flags['upstream-timeout'],
    maxConcurrent: flags['upstream-max-concurrent'],
    cacheTtl: flags['cache-ttl'],
    healthPort: flags['health-port'],
    readyPort: flags['ready-port'],
    metricsPort: flags['metrics-port'],
  };
}

function addressesOf(flags: DnsFlags, changed: ReadonlySet<string>): string[] {
  const given = [...flags['bind-address']];
  const bad = given.find((each) => isIP(each) === 0);
  if (bad !== undefined) fail('bind-address', bad, 'must be an IP address');
  if (given.length === 0) fail('bind-address', '', 'must name an address');
  if (changed.has('bind-address') || hasIpv6()) return given;
  return given.filter((each) => !isIPv6(each));
}

const hasIpv6 = (): boolean =>
  Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'));

function serversOf(flags: DnsFlags, changed: ReadonlySet<string>): ServerAddress[] {
  if (changed.has('upstream')) {
    return flags.upstream.map((each) => {
      try {
        return serverAddress(each);
      } catch (error) {
        return fail('upstream', each, (error as Error).message);
      }
    });
  }
  const file = flags['upstream-resolv-conf'];
  if (file === '' || (!changed.has('upstream-resolv-conf') && !existsSync(file))) return [];
  try {
    return nameservers(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail('upstream-resolv-conf', file, (error as Error).message);
  }
}

type NumberFlag = { [K in keyof DnsFlags]: DnsFlags[K] extends number ? K : never }[keyof DnsFlags];

function inRange(flags: DnsFlags, name: NumberFlag, least: number, most: number): void {
  const value = flags[name];
  if (value < least || value > most) fail(name, String(value), `must be between ${least} and ${most}`);
}

function fail(flag: string, value: string, reason: string): never {
  throw new UsageError(`invalid argument ${JSON.stringify(value)} for "--${flag}" flag: ${reason}`);
}
