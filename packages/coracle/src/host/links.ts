import { existsSync, readFileSync } from 'node:fs';
import { type Network, parseNetwork } from './addresses.ts';
import { CommandError, run } from './run.ts';

interface RouteRow {
  dst: string;
  type?: string;
}

/** Has packets on bridges pass the rules of their network namespace, for which the kernel needs a module. Throws CommandError. */
export async function filterBridges(): Promise<void> {
  if (!existsSync('/proc/sys/net/bridge')) await run(['modprobe', 'br_netfilter']);
}

/** What the host reaches other than by its default route: routes of all tables, addresses of its links, and its name servers. */
export async function takenNetworks(): Promise<Network[]> {
  const rows = JSON.parse((await run(['ip', '-4', '-j', 'route', 'show', 'table', 'all'])) || '[]') as RouteRow[];
  const routes = rows.map((it) => it.dst).filter((it) => it !== 'default' && it !== '0.0.0.0/0');
  const servers = nameServers(readFileSync('/etc/resolv.conf', 'utf8'));
  return [...routes, ...servers].filter((it) => /^[\d./]+$/.test(it)).map(parseNetwork);
}

/** The addresses a resolv.conf names as servers. */
export function nameServers(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((it) => it[1]!);
}

/** Runs commands of `ip` in one go, in the network namespace of a process when one is given. */
export async function ip(commands: readonly string[], inNamespaceOf?: number): Promise<void> {
  const input = `${commands.join('\n')}\n`;
  if (inNamespaceOf === undefined) await run(['ip', '-batch', '-'], { input });
  else await run(['nsenter', `--net=/proc/${inNamespaceOf}/ns/net`, 'ip', '-batch', '-'], { input });
}

/** Whether a link of this name is there. */
export async function hasLink(name: string): Promise<boolean> {
  try {
    await run(['ip', '-o', 'link', 'show', 'dev', name]);
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.stderr.includes('does not exist')) return false;
    throw error;
  }
}

/** Removes a link if it is there. */
export async function removeLink(name: string): Promise<void> {
  try {
    await run(['ip', 'link', 'delete', 'dev', name]);
  } catch (error) {
    if (!(error instanceof CommandError && error.stderr.includes('Cannot find device'))) throw error;
  }
}
