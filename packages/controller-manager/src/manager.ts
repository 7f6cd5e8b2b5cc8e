import type { Client } from '@coracle/client';
import type { Informers } from '@coracle/client/informer';
import type { QueueMetrics } from '@coracle/process/work-queue-metrics';
import type { Controller } from './controller.ts';
import type { ControllerLog } from './controller-log.ts';
import type { Settings } from './settings.ts';

export interface ManagerOptions {
  /** The client of a controller: its own identity, or everybody's. */
  clientFor(controller: Controller): Client | Promise<Client>;
  informers: Informers;
  settings: Settings;
  signal: AbortSignal;
  log: ControllerLog;
  queueMetrics?: QueueMetrics;
}

/** --controllers names a controller there is not. */
export class UnknownController extends Error {
  override name = 'UnknownController';
}

/** Starts controllers: all register what they watch, the caches fill, all begin to work. `stopped` settles when all have ended. */
export async function startControllers(
  controllers: readonly Controller[],
  options: ManagerOptions,
): Promise<{ stopped: Promise<void> }> {
  const works: [Controller, () => Promise<void>][] = [];
  for (const controller of controllers) {
    const client = await options.clientFor(controller);
    const work = controller.start({ ...options, client });
    if (work) works.push([controller, work]);
  }
  await options.informers.start();
  const running = works.map(([controller, work]) => {
    options.log.info({ controller: controller.name }, 'Started controller');
    return work();
  });
  return { stopped: Promise.all(running).then(() => {}) };
}

/**
 * The controllers that --controllers asks for: `*` all that are on by default, `foo` that one, `-foo` not that one; the first mention
 * of a name counts. Throws on names that are none.
 */
export function selectControllers(all: readonly Controller[], wanted: readonly string[]): Controller[] {
  const named = (name: string): Controller | undefined =>
    all.find((each) => each.name === name || each.aliases.includes(name));
  for (const each of wanted) {
    const name = each.startsWith('-') ? each.slice(1) : each;
    if (name !== '*' && !named(name)) throw new UnknownController(`"${name}" is not in the list of known controllers`);
  }
  return all.filter((controller) => {
    const names = [controller.name, ...controller.aliases];
    for (const each of wanted) {
      if (names.includes(each)) return true;
      if (each.startsWith('-') && names.includes(each.slice(1))) return false;
    }
    return wanted.includes('*') && !controller.offByDefault;
  });
}
