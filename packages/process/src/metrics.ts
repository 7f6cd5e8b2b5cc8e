import { readdirSync, readFileSync } from 'node:fs';
import { version } from '@coracle/api/version';
import { Gauge, Registry } from 'prom-client';
import { scraped } from './series.ts';
import { showStartTime } from './start-time.ts';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Leaves metrics out of what is scraped, by their full names, also those that are made later, and shows how many there are of those. */
export function hideMetrics(registry: Registry, names: readonly string[]): void {
  const hidden = new Set(names);
  const all = registry.getMetricsAsArray.bind(registry);
  const total = (name: string, help: string, read: () => number): void =>
    scraped(registry, { name, help, type: 'counter', read: () => [{ labels: {}, value: read() }] });
  const disabled = () => all().filter(({ name }) => hidden.has(name)).length;
  total('disabled_metrics_total', 'Metrics that are there, and left out because they are disabled.', disabled);
  total(
    'hidden_metrics_total',
    'Metrics that are left out because they are on their way out; there are none.',
    () => 0,
  );
  registry.getMetricsAsArray = () => all().filter(({ name }) => !hidden.has(name));
}

/** A registry with what every process tells of itself, read when it is scraped. */
export function processRegistry(): Registry {
  const registry = new Registry();
  const show = (type: 'counter' | 'gauge', name: string, help: string, read: () => number | undefined): void =>
    scraped(registry, {
      name,
      help,
      type,
      read() {
        const value = read();
        return value === undefined ? [] : [{ labels: {}, value }];
      },
    });
  showStartTime(registry);
  show('gauge', 'process_resident_memory_bytes', 'Memory of the process that is in RAM.', () =>
    process.memoryUsage.rss(),
  );
  show('gauge', 'process_virtual_memory_bytes', 'Address space of the process.', virtualMemory);
  show('gauge', 'process_virtual_memory_max_bytes', 'Address space the process may have.', mostMemory);
  show('gauge', 'process_open_fds', 'Files and sockets the process has open.', openFiles);
  show('gauge', 'process_max_fds', 'Files and sockets the process may have open.', mostFiles);
  show('counter', 'process_cpu_seconds_total', 'CPU time the process used, in user and kernel mode.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  const network = (way: 'receive' | 'transmit', help: string, field: string) =>
    show('counter', `process_network_${way}_bytes_total`, help, () => octets(field));
  network('receive', "Bytes that came over the network to the process's network namespace.", 'InOctets');
  network('transmit', "Bytes that went over the network from the process's network namespace.", 'OutOctets');
  show('gauge', 'nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed);
  new Gauge({
    name: 'kubernetes_build_info',
    help: 'What this program is, in labels; the value is always 1.',
    labelNames: [
      'major',
      'minor',
      'git_version',
      'git_commit',
      'git_tree_state',
      'build_date',
      'go_version',
      'compiler',
      'platform',
    ],
    registers: [registry],
  }).set(
    {
      major: version.major,
      minor: version.minor,
      git_version: version.gitVersion,
      git_commit: version.gitCommit,
      git_tree_state: version.gitTreeState,
      build_date: version.buildDate,
      go_version: version.goVersion,
      compiler: version.compiler,
      platform: version.platform,
    },
    1,
  );
  return registry;
}

/** What the kernel says of the process; undefined where there is no /proc. */
function procfs<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** In bytes: the twenty-third field of `stat`, counted after the name, which may hold anything. */
const virtualMemory = (): number | undefined =>
  procfs(() => Number(readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ')[20]));

/** Without the one that is open while they are counted. */
const openFiles = (): number | undefined => procfs(() => readdirSync('/proc/self/fd').length - 1);

/** The greatest number there is where nothing limits it, as Prometheus' libraries show it. */
const mostMemory = (): number | undefined =>
  procfs(() => {
    const limit = /^Max address space +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === 'unlimited' ? 2 ** 64 : Number(limit);
  });

/** A number of the IP protocol's: its names are on one line, the numbers on the next. */
const octets = (field: string): number | undefined =>
  procfs(() => {
    const [names = [], numbers = []] = readFileSync('/proc/self/net/netstat', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('IpExt:'))
      .map((line) => line.split(' '));
    return Number(numbers[names.indexOf(field)]);
  });

const mostFiles = (): number | undefined =>
  procfs(() => Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]));

/** leader_election_master_status: 1 while this process leads under a lease's name. */
export function leaderElectionMetrics(registry: Registry): { leading(name: string, is: boolean): void } {
  const status = new Gauge({
    name: 'leader_election_master_status',
    help: '1 while this process leads under the Lease called name, else 0.',
    labelNames: ['name'],
    registers: [registry],
  });
  return { leading: (name, is) => status.set({ name }, is ? 1 : 0) };
}
