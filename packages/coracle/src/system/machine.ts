import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../failure.ts';
import { hostMounts } from '../host/mounts.ts';
import { CommandError, run } from '../host/run.ts';
import { pathsOf, type SystemPlace, slots } from './place.ts';

/** What systemd says of a unit. */
export interface UnitState {
  /** `active`, `activating`, `failed`, `inactive` … */
  active: string;
  /** `running`, `auto-restart`, `exited` … */
  sub: string;
  /** How often systemd has started it again by itself. */
  restarts: number;
  /** Changes with every start. */
  invocation: string;
}

/** The system manager of a machine. */
export interface Machine {
  /** Whether it runs; a tree that does not has nothing to start. */
  running: boolean;
  /**
   * How long a container has to run without a restart until it counts as healthy, in milliseconds: one with a check too, which somebody else may
   * answer while it goes from start to start.
   */
  steady: { checked: number; unchecked: number };
  /** Reads the units anew. */
  reload(): Promise<void>;
  start(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  /** Creates what a tmpfiles snippet says. */
  createFiles(file: string): Promise<void>;
  state(name: string): Promise<UnitState>;
  /** The last lines its unit wrote. */
  log(name: string, lines: number): Promise<string[]>;
  /** Runs a command in a system container. */
  exec(name: string, command: readonly string[]): Promise<boolean>;
  /** Unmounts what a unit mounted at the root of a deployment that it ran before, whose unit file is no longer the one that is stopped by. */
  unmount(rootfs: string): Promise<void>;
  /** Ends what is left of a container that its unit no longer holds. */
  discard(place: SystemPlace, name: string): Promise<void>;
}

const service = (name: string): string => `${name}.service`;

/** This machine, whose PID 1 is systemd. */
export const thisMachine: Machine = {
  running: true,
  steady: { checked: 1000, unchecked: 2000 },
  reload: () => systemctl('daemon-reload'),
  start: (name) => afresh('start', name),
  stop: (name) => systemctl('stop', service(name)).catch(isUnknown),
  restart: (name) => afresh('restart', name),
  async createFiles(file) {
    if (existsSync(file)) await run(['systemd-tmpfiles', '--create', file]);
  },
  async state(name) {
    const properties = '--property=ActiveState,SubState,NRestarts,InvocationID';
    const text = await run(['systemctl', 'show', properties, service(name)]);
    const values = Object.fromEntries(
      text
        .split('\n')
        .filter(Boolean)
        .map((it) => [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1)]),
    );
    return {
      active: values['ActiveState'] ?? '',
      sub: values['SubState'] ?? '',
      restarts: Number(values['NRestarts'] ?? 0),
      invocation: values['InvocationID'] ?? '',
    };
  },
  async log(name, lines) {
    const text = await run([
      'journalctl',
      '--no-pager',
      '--quiet',
      '--output=cat',
      `--lines=${lines}`,
      '--unit',
      service(name),
    ]);
    return text.split('\n').filter(Boolean);
  },
  exec: (name, command) =>
    run(['runc', 'exec', name, ...command]).then(
      () => true,
      (error) => {
        if (error instanceof CommandError) return false;
        throw error;
      },
    ),
  async unmount(rootfs) {
    for (const { point } of hostMounts()) if (point === rootfs) await run(['umount', '--lazy', point]);
  },
  async discard(place, name) {
    if (existsSync(join('/run/runc', name))) await run(['runc', 'delete', '--force', name]);
    for (const it of slots) await this.unmount(join(pathsOf(place, name).deployment(it), 'rootfs'));
  },
};

const nothing = async (): Promise<void> => {};

/** A tree that is to be a machine's root, and does not run. */
export const treeAtRest: Machine = {
  running: false,
  steady: { checked: 0, unchecked: 0 },
  reload: nothing,
  start: nothing,
  stop: nothing,
  restart: nothing,
  createFiles: nothing,
  state: async () => ({ active: 'inactive', sub: 'dead', restarts: 0, invocation: '' }),
  log: async () => [],
  exec: async () => false,
  unmount: nothing,
  discard: nothing,
};

/** The machine of a place. Throws Failure when it is this one, and systemd does not run here. */
export function machineOf({ root }: SystemPlace): Machine {
  if (root !== '/') return treeAtRest;
  if (!existsSync('/run/systemd/system')) {
    fail('systemd does not run on this machine, and units are to run system containers', {
      next: "'--root DIR' installs into the tree of a machine that does not run yet.",
    });
  }
  return thisMachine;
}

/** Has a unit started at boot, by the links its [Install] section asks for. Throws Failure for what else that section asks. */
export function enable(place: SystemPlace, name: string): void {
  const { unit } = pathsOf(place, name);
  for (const link of linksOf(place, name)) {
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(join('/', unit.slice(place.root.replace(/\/$/, '').length)), link);
  }
}

/** Takes that back, whatever targets the unit once named, and the folders of links that are empty then, as systemctl does. */
export function disable(place: SystemPlace, name: string): void {
  const units = dirname(pathsOf(place, name).unit);
  if (!existsSync(units)) return;
  for (const it of readdirSync(units).filter((each) => /\.(wants|requires)$/.test(each))) {
    const folder = join(units, it);
    rmSync(join(folder, service(name)), { force: true });
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  }
}

function linksOf(place: SystemPlace, name: string): string[] {
  const { unit } = pathsOf(place, name);
  const [, section = ''] = readFileSync(unit, 'utf8').split(/^\[Install\]$/m);
  const entries = section
    .split(/^\[/m)[0]!
    .split('\n')
    .map((it) => it.trim())
    .filter((it) => it !== '' && !/^[#;]/.test(it));
  return entries.flatMap((entry) => {
    const [, kind, targets = ''] = /^(Wanted|Required)By=(.*)$/.exec(entry) ?? [];
    if (!kind) fail(`the unit of ${name} says ${entry} in [Install], which is not supported`);
    const folder = kind === 'Wanted' ? 'wants' : 'requires';
    return targets
      .split(/\s+/)
      .filter(Boolean)
      .map((it) => join(dirname(unit), `${it}.${folder}`, service(name)));
  });
}

async function systemctl(...args: string[]): Promise<void> {
  await run(['systemctl', '--no-ask-password', ...args]);
}

/** A unit that failed too often is not started again by itself; a person's wish counts anew. */
async function afresh(action: 'start' | 'restart', name: string): Promise<void> {
  await systemctl('reset-failed', service(name)).catch(isUnknown);
  await systemctl(action, service(name));
}

/** A unit systemd does not know is stopped as much as it can be. */
function isUnknown(error: unknown): void {
  if (!(error instanceof CommandError && /not loaded|could not be found|does not exist/.test(error.stderr)))
    throw error;
}
