import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigFile } from '../components/component.ts';
import { debianTree } from '../images/debian-root.ts';
import type { ServiceSettings } from '../node/settings.ts';
import { nodeUnits } from '../node/systemd/units.ts';
import { systemSettings } from '../system/service-settings.ts';
import { checkout } from './cluster.ts';
import { type NodeRoot, nodeProgram } from './node-root.ts';

/** systemd's SIGRTMIN+3: stop all units and halt. */
const halt = 34 + 3;

/** The services that run from Debian packages rather than as system containers. */
export const isPlain = ({ name }: Pick<ServiceSettings, 'name'>): boolean => name === 'containerd';

/**
 * A node on a Debian tree whose PID 1 is systemd. Its units are in its lasting folder too: where its root's upper layer is in memory, system
 * containers must still be there at the next boot.
 */
export function debianRoot(folder: string): NodeRoot {
  return {
    lower: debianTree(),
    mounts: ['/etc/systemd/system', '/etc/tmpfiles.d'].map((it) => ({
      source: join(folder, it),
      target: it,
      readonly: false,
    })),
    files: {
      // The journal's folder is named by it, so it stays the same.
      '/etc/machine-id': `${createHash('sha256').update(folder).digest('hex').slice(0, 32)}\n`,
      '/etc/systemd/journald.conf.d/coracle.conf': '[Journal]\nStorage=persistent\nSystemMaxUse=200M\n',
    },
    command: ['/sbin/init'],
    stopSignal: halt,
  };
}

/** Writes the units of a node that are no system containers. Must not be called for a node that runs. */
export function writeUnits(folder: string, services: readonly ServiceSettings[]): void {
  const units = nodeUnits({
    sources: join(checkout, 'packages/coracle/src'),
    node: nodeProgram,
    plain: services.filter(isPlain),
  });
  const base = join(folder, 'etc/systemd/system');
  for (const [name, { text, wantedBy }] of Object.entries(units)) {
    mkdirSync(base, { recursive: true });
    writeFileSync(join(base, name), text);
    if (!wantedBy) continue;
    const wants = join(base, `${wantedBy}.wants`);
    mkdirSync(wants, { recursive: true });
    rmSync(join(wants, name), { force: true });
    symlinkSync(join('/etc/systemd/system', name), join(wants, name));
  }
}

/** The files that system containers take their arguments from. */
export function argumentFiles(services: readonly ServiceSettings[]): ConfigFile[] {
  return services
    .filter((it) => !isPlain(it))
    .map((it) => ({ path: `${it.name}/args`, text: systemSettings(it).args }));
}
