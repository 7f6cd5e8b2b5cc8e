import { setTimeout as delay } from 'node:timers/promises';
import { configMap } from '@coracle/api/core/v1/configmap';
import { StatusError } from '@coracle/api/meta/status';
import type { Client } from '@coracle/client/client';
import { ConnectionError } from '@coracle/client/transport';

const namespace = 'default';

/**
 * A load that checks what it is answered while servers or their store fail: writers that each count an object up, and a watcher at every
 * server. Nothing acknowledged may be lost, nothing may be seen twice, in another order, or not at all.
 */
export interface Counters {
  /** Waits until every writer has made so many further writes; throws what a writer or watcher found wrong. */
  goOn(writes?: number): Promise<void>;
  /** Ends the writers, waits until every watcher has seen the last write, and checks what each saw. */
  finish(): Promise<void>;
}

/** Starts writers, spread over clients, and one watcher a client. */
export async function startCounters(clients: readonly Client[], writers = 8): Promise<Counters> {
  const acknowledged = new Map<string, number>();
  const seen = clients.map(() => new Map<string, number[]>());
  const stopWriting = new AbortController();
  const stopWatching = new AbortController();
  let wrong: unknown;
  const note = (work: Promise<void>) =>
    work.catch((error) => {
      wrong ??= error;
    });

  /** Counts one object up; each value is read back before the next. */
  async function write(client: Client, name: string): Promise<void> {
    let value = 0;
    while (!stopWriting.signal.aborted) {
      try {
        const current = await found(client, name);
        const now = Number(current?.data?.value ?? 0);
        // A read shows what was acknowledged, or what was asked for and got no answer.
        if (now !== value && now !== value + 1) throw new Error(`${name} is ${now}, after ${value}`);
        value = now;
        const data = { value: String(value + 1) };
        if (current) await client.update(configMap, { ...current, data });
        else await client.create(configMap, { metadata: { name, namespace }, data });
        value++;
        acknowledged.set(name, value);
      } catch (error) {
        if (!isRetriable(error)) throw error;
      }
    }
  }

  /** Sees every change from a revision on, resuming where a watch ended. */
  async function watch(client: Client, from: string, values: Map<string, number[]>): Promise<void> {
    const { signal } = stopWatching;
    let resourceVersion = from;
    while (!signal.aborted) {
      try {
        for await (const { object } of client.watch(configMap, { namespace, resourceVersion, signal })) {
          const now = object.metadata.resourceVersion!;
          if (Number(now) <= Number(resourceVersion)) throw new Error(`${now} came after ${resourceVersion}`);
          resourceVersion = now;
          const { name } = object.metadata;
          values.set(name!, [...(values.get(name!) ?? []), Number(object.data?.value)]);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isRetriable(error)) throw error;
      }
    }
  }

  const { metadata } = await clients[0]!.list(configMap, { namespace });
  const watching = clients.map((client, i) => note(watch(client, metadata.resourceVersion!, seen[i]!)));
  const names = Array.from({ length: writers }, (_, i) => `w${i}`);
  const writing = names.map((name, i) => note(write(clients[i % clients.length]!, name)));

  const until = async (condition: () => boolean, what: () => string) => {
    const limit = Date.now() + 60_000;
    while (!condition()) {
      if (wrong) throw wrong;
      if (Date.now() > limit) throw new Error(`it did not happen: ${what()}`);
      await delay(20);
    }
  };
  return {
    goOn: (writes = 15) => {
      const wanted = new Map(names.map((name) => [name, (acknowledged.get(name) ?? 0) + writes]));
      return until(
        () => [...wanted].every(([name, value]) => (acknowledged.get(name) ?? 0) >= value),
        () => `writes up to ${JSON.stringify([...wanted])}, after ${JSON.stringify([...acknowledged])}`,
      );
    },
    async finish() {
      stopWriting.abort();
      await Promise.all(writing);
      const { items } = await clients[0]!.list(configMap, { namespace });
      const ends = new Map(items.map((it) => [it.metadata.name!, Number(it.data?.value)]));
      for (const values of seen) {
        await until(
          () => [...ends].every(([name, end]) => values.get(name)?.at(-1) === end),
          () => `a watcher sees the end ${JSON.stringify([...ends])} after ${JSON.stringify(lastOf(values))}`,
        );
      }
      stopWatching.abort(new Error('done'));
      await Promise.all(watching);
      if (wrong) throw wrong;
      for (const [name, value] of acknowledged) {
        if (!(ends.get(name)! >= value)) throw new Error(`${name} is ${ends.get(name)}, and ${value} was acknowledged`);
        const all = Array.from({ length: ends.get(name)! }, (_, i) => i + 1).join();
        for (const values of seen) {
          if (values.get(name)!.join() !== all) throw new Error(`a watcher saw ${values.get(name)} of ${name}`);
        }
      }
    },
  };
}

async function found(client: Client, name: string) {
  try {
    return await client.get(configMap, name, namespace);
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

/** What a client may be told meanwhile: to try again, or that nobody knows what became of its write. */
function isRetriable(error: unknown): boolean {
  if (error instanceof StatusError) return [409, 429, 503, 504].includes(error.code ?? 0);
  return error instanceof ConnectionError;
}

const lastOf = (values: Map<string, number[]>) => [...values].map(([name, all]) => [name, all.at(-1)]);
