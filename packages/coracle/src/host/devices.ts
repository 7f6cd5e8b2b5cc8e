import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A device file, as an OCI runtime is told to make it. */
export interface Device {
  path: string;
  type: 'c' | 'b';
  major: number;
  minor: number;
  fileMode: number;
  uid: number;
  gid: number;
}

/** Folders of /dev with devices of namespaces, or with links only. */
const skipped = new Set([
  'pts',
  'shm',
  'mqueue',
  'hugepages',
  'fd',
  '.udev',
  'disk',
  'by-path',
  'by-id',
  'char',
  'block',
]);
/** Every container gets these of its own. */
const ownOfEach = new Set([
  '/dev/null',
  '/dev/zero',
  '/dev/full',
  '/dev/random',
  '/dev/urandom',
  '/dev/tty',
  '/dev/ptmx',
  '/dev/console',
]);

/** All device files of the host that a node gets too. */
export function hostDevices(folder = '/dev'): Device[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : hostDevices(path);
    if (ownOfEach.has(path) || !(entry.isCharacterDevice() || entry.isBlockDevice())) return [];
    const { rdev, mode, uid, gid } = lstatSync(path);
    return [
      {
        path,
        type: entry.isBlockDevice() ? ('b' as const) : ('c' as const),
        major: majorOf(rdev),
        minor: minorOf(rdev),
        fileMode: mode & 0o777,
        uid,
        gid,
      },
    ];
  });
}

/** The two numbers of a device, in glibc's packing. */
function majorOf(device: number): number {
  const bits = BigInt(device);
  return Number(((bits >> 8n) & 0xfffn) | ((bits >> 32n) & ~0xfffn));
}

function minorOf(device: number): number {
  const bits = BigInt(device);
  return Number((bits & 0xffn) | ((bits >> 12n) & ~0xffn & 0xffffffffn));
}
