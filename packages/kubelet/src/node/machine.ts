import { readdir, readFile, statfs } from 'node:fs/promises';
import { arch, cpus, networkInterfaces, release } from 'node:os';

/** What a machine is and has. Amounts in bytes. */
export interface Machine {
  cpus: number;
  memory: number;
  swap: number;
  /** Reserved huge pages, by resource name: `hugepages-2Mi`. */
  hugepages: Record<string, number>;
  machineId: string;
  systemUuid: string;
  bootId: string;
  kernel: string;
  osImage: string;
  /** `amd64`, `arm64`. */
  architecture: string;
}

/** Space and inodes of a file system. */
export interface FileSystem {
  capacity: number;
  available: number;
  inodes: number;
  inodesFree: number;
}

export async function readMachine(): Promise<Machine> {
  const memory = await memoryFacts();
  return {
    cpus: cpus().length,
    memory: memory.total,
    swap: memory.swap,
    hugepages: await hugepages(),
    machineId: await firstOf(['/etc/machine-id', '/var/lib/dbus/machine-id']),
    systemUuid: (await firstOf(['/sys/class/dmi/id/product_uuid', '/etc/machine-id'])).toLowerCase(),
    bootId: await firstOf(['/proc/sys/kernel/random/boot_id']),
    kernel: release(),
    osImage: await osImage(),
    architecture: arch() === 'x64' ? 'amd64' : arch(),
  };
}

export async function memoryFacts(): Promise<{ total: number; available: number; swap: number }> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { total: read('MemTotal'), available: read('MemAvailable'), swap: read('SwapTotal') };
}

export async function fileSystem(path: string): Promise<FileSystem> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(path);
  return { capacity: bsize * blocks, available: bsize * bavail, inodes: files, inodesFree: ffree };
}

/** How many processes there are, and may be. */
export async function processFacts(): Promise<{ running: number; max: number }> {
  const [load, max] = await Promise.all([
    readFile('/proc/loadavg', 'utf8'),
    readFile('/proc/sys/kernel/pid_max', 'utf8'),
  ]);
  return { running: Number(/\/(\d+) /.exec(load)?.[1] ?? 0), max: Number(max) };
}

/** The node's addresses when none were given: those of the interface that the default route takes, or else of the first that has any. */
export async function defaultIps(): Promise<string[]> {
  const interfaces = networkInterfaces();
  const routes = (await readFile('/proc/net/route', 'utf8')).split('\n').slice(1);
  const byDefault = routes.map((line) => line.split('\t')).find(([, destination]) => destination === '00000000')?.[0];
  const names = [...(byDefault ? [byDefault] : []), ...Object.keys(interfaces)];
  for (const family of ['IPv4', 'IPv6'] as const) {
    for (const name of names) {
      const found = interfaces[name]?.find(
        (each) => each.family === family && !each.internal && !each.address.startsWith('fe80'),
      );
      if (found) return [found.address];
    }
  }
  return [];
}

async function hugepages(): Promise<Record<string, number>> {
  const base = '/sys/kernel/mm/hugepages';
  const result: Record<string, number> = {};
  for (const name of await readdir(base).catch(() => [])) {
    const kilobytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0);
    if (kilobytes === 0) continue;
    const count = Number(await readFile(`${base}/${name}/nr_hugepages`, 'utf8'));
    const size =
      kilobytes % 1_048_576 === 0
        ? `${kilobytes / 1_048_576}Gi`
        : kilobytes % 1024 === 0
          ? `${kilobytes / 1024}Mi`
          : `${kilobytes}Ki`;
    result[`hugepages-${size}`] = count * kilobytes * 1024;
  }
  return result;
}

async function osImage(): Promise<string> {
  const text = await firstOf(['/etc/os-release', '/usr/lib/os-release']);
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1] ?? 'Unknown';
}

/** The content of the first file there is; empty where none can be read. */
async function firstOf(paths: string[]): Promise<string> {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.trim() !== '') return text.trim();
  }
  return '';
}
