import { run } from '../host/run.ts';
import { currentDeployment, systemContainers } from './deployment.ts';
import type { Machine } from './machine.ts';
import type { SystemPlace } from './place.ts';

/** A system container, as `list` tells of it. */
export interface Listed {
  name: string;
  image: string;
  digest: string;
  version: string;
  /** What systemd says: `running`, `failed`, `exited` … */
  state: string;
  /** What runs the containers. */
  backend: 'runc';
  /** Which one of it: `runc 1.1.5`. */
  runtime: string;
}

/** The system containers of a machine, by name. */
export async function listContainers(place: SystemPlace, machine: Machine): Promise<Listed[]> {
  const names = systemContainers(place);
  const runtime = machine.running && names.length > 0 ? await runtimeVersion() : '-';
  return Promise.all(
    names.map(async (name) => {
      const { image, digest, version } = currentDeployment(place, name);
      const { active, sub } = await machine.state(name);
      const state = active === 'active' || active === 'activating' ? sub : active;
      return { name, image, digest, version, state, backend: 'runc' as const, runtime };
    }),
  );
}

async function runtimeVersion(): Promise<string> {
  const text = await run(['runc', '--version']);
  return `runc ${/^runc version (\S+)/.exec(text)?.[1] ?? 'of unknown version'}`;
}
