import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

export interface ConntrackConfiguration {
  /** Entries per core the kernel is to track; 0 leaves its limit as it is. */
  maxPerCore: number;
  /** At least so many entries, however few cores. */
  min: number;
  /** Milliseconds; 0 leaves the kernel's value as it is. */
  tcpEstablishedTimeout: number;
  tcpCloseWaitTimeout: number;
  udpTimeout: number;
  udpStreamTimeout: number;
  tcpBeLiberal: boolean;
}

const folder = 'net/netfilter';

/**
 * Sets the kernel's connection tracking as configured. Its limit is only ever raised. `refused` hears of values that this process (in
 * a container, say) may not set.
 */
export function setConntrack(
  configuration: ConntrackConfiguration,
  refused: (sysctl: string, error: unknown) => void,
  { root = '/proc/sys', cores = availableParallelism() } = {},
): void {
  const set = (name: string, value: number, when: (current: number) => boolean) => {
    const path = join(root, folder, name);
    try {
      if (when(Number(readFileSync(path, 'utf8')))) writeFileSync(path, String(value));
    } catch (error) {
      refused(`${folder}/${name}`, error);
    }
  };
  const { maxPerCore, min } = configuration;
  const max = maxPerCore > 0 ? Math.max(maxPerCore * cores, min) : 0;
  if (max > 0) set('nf_conntrack_max', max, (current) => current < max);
  const timeouts = {
    nf_conntrack_tcp_timeout_established: configuration.tcpEstablishedTimeout,
    nf_conntrack_tcp_timeout_close_wait: configuration.tcpCloseWaitTimeout,
    nf_conntrack_udp_timeout: configuration.udpTimeout,
    nf_conntrack_udp_timeout_stream: configuration.udpStreamTimeout,
  };
  for (const [name, ms] of Object.entries(timeouts)) {
    const seconds = Math.round(ms / 1000);
    if (seconds > 0) set(name, seconds, (current) => current !== seconds);
  }
  if (configuration.tcpBeLiberal) set('nf_conntrack_tcp_be_liberal', 1, (current) => current !== 1);
}
