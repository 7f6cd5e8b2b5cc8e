import { readFileSync, rmSync } from 'node:fs';
import { writeWhole } from '../host/write-file.ts';
import { formatRange, type Range, rangeFrom } from '../range.ts';

/** The bridge that the node's pods are behind. */
export const bridge = 'cni0';

/**
 * How a container runtime joins pods to the node: by a bridge, with addresses of the node's subnet. They are noted in memory, as all pods
 * are gone after a boot. The bridge does no masquerading: it would hide pods from each other across nodes.
 */
export function conflist(subnet: Range, mtu: number): string {
  const config = {
    cniVersion: '0.4.0',
    name: 'coracle',
    plugins: [
      {
        type: 'bridge',
        bridge,
        isGateway: true,
        hairpinMode: true,
        mtu,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: formatRange(subnet) }]],
          routes: [{ dst: '0.0.0.0/0' }],
          dataDir: '/run/cni/networks',
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** The subnet that a CNI configuration gives addresses of; undefined when there is no such file, or no subnet in it. */
export function subnetOfConflist(path: string): Range | undefined {
  const text = contentOf(path);
  const [, subnet = ''] = /"subnet"\s*:\s*"([\d./]+)"/.exec(text ?? '') ?? [];
  return rangeFrom(subnet);
}

/** Writes the file unless it is as it should be. Returns whether it was written. */
export function writeConflist(path: string, text: string): boolean {
  if (contentOf(path) === text) return false;
  writeWhole(path, text);
  return true;
}

/** Removes the file if it is there: from then on the runtime starts no pods. */
export function removeConflist(path: string): void {
  rmSync(path, { force: true });
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
