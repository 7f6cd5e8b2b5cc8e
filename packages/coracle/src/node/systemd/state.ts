import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { accepts } from '../probe.ts';
import type { NodeSettings, NodeStatus, Probe, ServiceSettings, ServiceStatus } from '../settings.ts';

const properties = [
  ...['Id', 'ActiveState', 'SubState', 'NRestarts', 'InvocationID', 'MainPID', 'StateChangeTimestamp'],
  ...['ExecMainCode', 'ExecMainStatus', 'ExecMainExitTimestamp'],
];

/** What systemd says of a unit, by property. */
export type UnitProperties = Readonly<Record<string, string>>;

/** The units of a node's services, and which of their runs have answered. */
export class NodeUnits {
  readonly #answered = new Map<string, string>();

  /** The node's state, as a supervisor would tell it. */
  async status(settings: NodeSettings): Promise<NodeStatus> {
    const [units, system] = await Promise.all([
      unitsOf(settings.services.map((it) => `${it.name}.service`)),
      systemctl(['is-system-running']),
    ]);
    const services = settings.services.map(async (it) => {
      const unit = units.get(`${it.name}.service`) ?? {};
      return serviceStatus(it.name, unit, unit['ActiveState'] === 'active' && (await this.#answers(it, unit)));
    });
    return {
      node: settings.node,
      state: system.trim() === 'stopping' ? 'stopping' : 'running',
      services: await Promise.all(services),
    };
  }

  /** Whether this run of a unit has ever answered. */
  async #answers({ name, probe }: ServiceSettings, unit: UnitProperties): Promise<boolean> {
    const invocation = unit['InvocationID'] ?? '';
    if (!probe || this.#answered.get(name) === invocation) return true;
    if (!(await passes(probe))) return false;
    this.#answered.set(name, invocation);
    return true;
  }
}

/** A unit's state in the words of a supervisor. */
export function serviceStatus(name: string, unit: UnitProperties, answers: boolean): ServiceStatus {
  const [active, sub] = [unit['ActiveState'], unit['SubState']];
  const pid = active === 'active' ? (containerProcess(name) ?? Number(unit['MainPID'] ?? 0)) : 0;
  const lastEnd = endOf(unit);
  return {
    name,
    state: stateOf(active, sub, answers),
    ...(pid > 0 ? { pid } : {}),
    restarts: Number(unit['NRestarts'] ?? 0),
    since: Number((unit['StateChangeTimestamp'] ?? '').replace('@', '')) * 1000,
    ...(lastEnd === undefined ? {} : { lastEnd }),
  };
}

function stateOf(active: string | undefined, sub: string | undefined, answers: boolean): ServiceStatus['state'] {
  if (active === 'active') return answers ? 'running' : 'starting';
  if (active === 'activating') return sub === 'auto-restart' ? 'failed' : 'starting';
  if (active === 'failed') return 'failed';
  if (active === 'deactivating') return 'stopping';
  return 'waiting';
}

/** How the main process of a unit last ended, if it did: 1 is CLD_EXITED, others are signals. */
function endOf(unit: UnitProperties): string | undefined {
  if (!unit['ExecMainExitTimestamp'] || !Number(unit['NRestarts'] ?? 0)) return undefined;
  return unit['ExecMainCode'] === '1' ? `exit code ${unit['ExecMainStatus']}` : `signal ${unit['ExecMainStatus']}`;
}

/** The first process of a system container; runc itself is only what systemd sees of it. */
function containerProcess(name: string): number | undefined {
  const file = `/run/runc/${name}/state.json`;
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, 'utf8')) as { init_process_pid: number }).init_process_pid;
}

async function passes(probe: Probe): Promise<boolean> {
  if (!('https' in probe)) return accepts(probe);
  const { parseCheck } = await import('../../system/health.ts');
  const check = parseCheck(probe.https.url, probe.https.authority, async () => false);
  return (await check?.()) ?? false;
}

async function unitsOf(names: readonly string[]): Promise<Map<string, UnitProperties>> {
  const text = await systemctl(['show', '--timestamp=unix', `--property=${properties.join(',')}`, ...names]);
  return parseUnits(text);
}

/** Reads what `systemctl show` prints of several units. */
export function parseUnits(text: string): Map<string, UnitProperties> {
  const units = text
    .split('\n\n')
    .map((block) => Object.fromEntries(block.split('\n').filter(Boolean).map(pair)) as UnitProperties);
  return new Map(units.filter((it) => it['Id']).map((it) => [it['Id']!, it]));
}

function pair(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

const execute = promisify(execFile);

/** Runs systemctl, whose exit code says once more what it prints. */
async function systemctl(args: readonly string[]): Promise<string> {
  try {
    return (await execute('systemctl', args)).stdout;
  } catch (error) {
    const { stdout, code } = error as { stdout?: string; code?: number | string };
    if (typeof code !== 'number' || !stdout) throw error;
    return stdout;
  }
}
