import type { Cluster } from './cluster.ts';

/** Creates objects one after the other for as long as it runs, and remembers which of them the API acknowledged. */
export class Writer {
  readonly acknowledged: string[] = [];
  readonly #cluster: Cluster;
  readonly #done: Promise<void>;
  #running = true;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#done = this.#write();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  /** The names of all that was written and is there now. */
  async present(): Promise<string[]> {
    const names = await this.#cluster.must(['get', 'configmaps', '-l', 'writer=e2e', '-o', 'name']);
    return names.split('\n').filter(Boolean);
  }

  async #write(): Promise<void> {
    for (let number = 0; this.#running; number++) {
      const name = `write-${number}`;
      const manifest = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}","labels":{"writer":"e2e"}}}`;
      const outcome = await this.#cluster.kubectl(['create', '-f', '-', '--request-timeout=10s'], manifest);
      if (outcome.code === 0) this.acknowledged.push(`configmap/${name}`);
    }
  }
}
