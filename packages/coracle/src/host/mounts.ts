import { readFileSync, statfsSync } from 'node:fs';

/** One line of /proc/self/mountinfo. */
export interface Mount {
  point: string;
  type: string;
  source: string;
}

/** The mounts of a mountinfo text. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [left, right] = line.split(' - ') as [string, string];
      const [type, source] = right.split(' ') as [string, string];
      return { point: unescapeOctal(left.split(' ')[4]!), type, source };
    });
}

/** The mounts this process sees. */
export function hostMounts(): Mount[] {
  return parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** Mount points that are parts of the system's own tree, so that a copy of the root without them would lack programs. */
export function partsOfRoot(mounts: readonly Mount[]): string[] {
  const points = mounts.map((it) => it.point).filter((it) => /^\/(usr|opt|bin|sbin|lib\w*|nix)(\/|$)/.test(it));
  return [...new Set(points)].sort();
}

const overlayMagic = 0x794c7630;
const tmpfsMagic = 0x01021994;

/** Whether a folder can hold the upper layer of an overlay for good: overlays and memory cannot. */
export function holdsLayers(folder: string): boolean {
  const { type } = statfsSync(folder);
  return type !== overlayMagic && type !== tmpfsMagic;
}

/** Spaces and their like stand as `\040` in the kernel's tables. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
