import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type LogFile, openLog } from './log-file.ts';
import { Service } from './service.ts';
import type { NodeSettings, NodeStatus, ServiceSettings } from './settings.ts';

/** How long a service may take to stop, in milliseconds, before it is killed. */
const patience = 5000;
const rotationInterval = 10_000;

/** Keeps the services of a node running, in the order they need each other. */
export class Supervisor {
  readonly #settings: NodeSettings;
  readonly #services = new Map<string, Supervised>();
  readonly #rotation: NodeJS.Timeout;
  #state: NodeStatus['state'] = 'running';
  /** Changes of settings, one after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(settings: NodeSettings) {
    this.#settings = settings;
    checkOrder(settings);
    for (const it of settings.services) this.#add(it);
    this.#rotation = setInterval(() => {
      for (const { log } of this.#services.values()) log.rotate();
    }, rotationInterval);
  }

  get status(): NodeStatus {
    return {
      node: this.#settings.node,
      state: this.#state,
      services: [...this.#services.values()].map((it) => it.service.status),
    };
  }

  /** Starts each service as soon as all it needs has answered once. */
  start(): void {
    for (const { service } of this.#services.values()) this.#startInTurn(service);
  }

  /**
   * Takes other settings: services that are new are started, those that are no longer named are stopped, and those that changed are stopped
   * and started as they are now. The rest runs on. Throws when the new settings cannot be; then nothing changes.
   */
  reload(settings: NodeSettings): void {
    checkOrder(settings);
    this.#changing = this.#changing.then(() => this.#change(settings.services));
  }

  /** Stops all services, those of the highest rank first, and runs `between` once a rank has ended. */
  async stop(between: (rank: number) => Promise<void>): Promise<void> {
    this.#state = 'stopping';
    clearInterval(this.#rotation);
    await this.#changing;
    const all = [...this.#services.values()];
    const ranks = [...new Set(all.map((it) => it.service.settings.stopRank))].sort((a, b) => b - a);
    for (const rank of ranks) {
      await Promise.all(
        all.filter((it) => it.service.settings.stopRank === rank).map((it) => it.service.stop(patience)),
      );
      await between(rank);
    }
    for (const { log } of all) log.close();
  }

  async #change(wanted: readonly ServiceSettings[]): Promise<void> {
    if (this.#state === 'stopping') return;
    const kept = (it: ServiceSettings) => isDeepStrictEqual(this.#services.get(it.name)?.service.settings, it);
    const fresh = wanted.filter((it) => !kept(it));
    const gone = [...this.#services.keys()].filter((name) => !wanted.some((it) => it.name === name && kept(it)));
    await Promise.all(
      gone.map(async (name) => {
        const { service, log } = this.#services.get(name)!;
        await service.stop(patience);
        log.close();
        this.#services.delete(name);
      }),
    );
    for (const it of fresh) this.#add(it);
    for (const it of fresh) this.#startInTurn(this.#services.get(it.name)!.service);
  }

  #add(settings: ServiceSettings): void {
    const log = openLog(join(this.#settings.logs, `${settings.name}.log`));
    this.#services.set(settings.name, { service: new Service(settings, log), log });
  }

  #startInTurn(service: Service): void {
    const needed = service.settings.after.map((it) => this.#services.get(it)!.service.answered);
    if (needed.length === 0) service.start();
    else void Promise.all(needed).then(() => service.start());
  }
}

interface Supervised {
  service: Service;
  log: LogFile;
}

/** Refuses settings whose services wait for one that is not there, or for each other. */
function checkOrder(settings: NodeSettings): void {
  const started = new Set<string>();
  let rest = settings.services;
  while (rest.length > 0) {
    const next = rest.filter((it) => it.after.every((name) => started.has(name)));
    if (next.length === 0) {
      throw new Error(
        `these services wait for each other or for one that is missing: ${rest.map((it) => it.name).join(', ')}`,
      );
    }
    for (const it of next) started.add(it.name);
    rest = rest.filter((it) => !next.includes(it));
  }
}
