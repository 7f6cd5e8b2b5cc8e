import { join } from 'node:path';
import { type LogFile, openLog } from './log-file.ts';
import { Service } from './service.ts';
import type { NodeSettings, NodeStatus } from './settings.ts';

/** How long a service may take to stop, in milliseconds, before it is killed. */
const patience = 5000;
const rotationInterval = 10_000;

/** Keeps the services of a node running, in the order they need each other. */
export class Supervisor {
  readonly #settings: NodeSettings;
  readonly #services: Service[] = [];
  readonly #logs: LogFile[] = [];
  readonly #rotation: NodeJS.Timeout;
  #state: NodeStatus['state'] = 'running';

  constructor(settings: NodeSettings) {
    this.#settings = settings;
    checkOrder(settings);
    for (const service of settings.services) {
      const log = openLog(join(settings.logs, `${service.name}.log`));
      this.#logs.push(log);
      this.#services.push(new Service(service, log));
    }
    this.#rotation = setInterval(() => {
      for (const log of this.#logs) log.rotate();
    }, rotationInterval);
  }

  get status(): NodeStatus {
    return {
      node: this.#settings.node,
      state: this.#state,
      services: this.#services.map((it) => it.status),
    };
  }

  /** Starts each service as soon as all it needs has answered once. */
  start(): void {
    const answered = new Map(this.#services.map((it) => [it.settings.name, it.answered]));
    for (const service of this.#services) {
      if (service.settings.after.length === 0) service.start();
      else void Promise.all(service.settings.after.map((it) => answered.get(it))).then(() => service.start());
    }
  }

  /** Stops all services, those of the highest rank first, and runs `between` once a rank has ended. */
  async stop(between: (rank: number) => Promise<void>): Promise<void> {
    this.#state = 'stopping';
    clearInterval(this.#rotation);
    const ranks = [...new Set(this.#services.map((it) => it.settings.stopRank))].sort((a, b) => b - a);
    for (const rank of ranks) {
      await Promise.all(this.#services.filter((it) => it.settings.stopRank === rank).map((it) => it.stop(patience)));
      await between(rank);
    }
    for (const log of this.#logs) log.close();
  }
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
