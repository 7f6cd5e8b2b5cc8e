import type { Answer, Connection } from './connection.ts';
import { fanOut } from './fan-out.ts';
import { type Figures, load, percentiles } from './figures.ts';
import { type Collection, nameOf, objectOf } from './target.ts';

export interface Phase {
  name: string;
  /** The figure two servers are compared by, and whether more of it is better. */
  compared: { figure: string; more: boolean };
  run(connection: Connection, collection: Collection): Promise<Figures>;
}

const merge = 'application/merge-patch+json';

/** The phases, in order: each finds what those before it left. */
export const phases: readonly Phase[] = [
  {
    name: 'create',
    compared: { figure: 'perSecond', more: true },
    run: (connection, collection) =>
      parallel(load.objects, (i) => connection.request('POST', collection.path, objectOf(collection, i))),
  },
  {
    name: 'get',
    compared: { figure: 'perSecond', more: true },
    run: (connection, { path }) =>
      parallel(load.objects * 2, (i) => connection.request('GET', `${path}/${nameOf((i * 7919) % load.objects)}`)),
  },
  {
    name: 'list',
    compared: { figure: 'p50Ms', more: false },
    run: async (connection, { path }) => {
      await expectOk(connection.request('GET', path));
      return oneByOne(load.lists, () => connection.request('GET', path));
    },
  },
  {
    name: 'page',
    compared: { figure: 'totalMs', more: false },
    run: async (connection, { path }) => {
      const started = performance.now();
      let pages = 0;
      for (let token: string | undefined = ''; token !== undefined; pages++) {
        const answer = await expectOk(connection.request('GET', `${path}?limit=500&continue=${token}`));
        const { metadata } = JSON.parse(answer.body.toString()) as { metadata: { continue?: string } };
        token = metadata.continue || undefined;
      }
      return { pages, totalMs: Math.round(performance.now() - started) };
    },
  },
  { name: 'watch', compared: { figure: 'perSecond', more: true }, run: fanOut },
  {
    name: 'update',
    compared: { figure: 'perSecond', more: true },
    run: (connection, { path }) =>
      parallel(load.objects, (i) =>
        connection.request('PATCH', `${path}/${nameOf(i)}`, `{"metadata":{"annotations":{"gen":"${i + 1}"}}}`, merge),
      ),
  },
  {
    name: 'delete',
    compared: { figure: 'perSecond', more: true },
    run: (connection, { path }) => parallel(load.objects, (i) => connection.request('DELETE', `${path}/${nameOf(i)}`)),
  },
];

/** How many objects come and go before anything is measured. */
const warmUpObjects = 2000;

/** Has a server do once what is measured then: its compiler, caches and connections are as in one that has run for a while. */
export async function warmUp(connection: Connection, collection: Collection): Promise<void> {
  await parallel(warmUpObjects, (i) => connection.request('POST', collection.path, objectOf(collection, i)));
  await parallel(warmUpObjects, (i) => connection.request('GET', `${collection.path}/${nameOf(i)}`));
  await parallel(warmUpObjects, (i) =>
    connection.request('PATCH', `${collection.path}/${nameOf(i)}`, '{"metadata":{"annotations":{"gen":"x"}}}', merge),
  );
  await parallel(warmUpObjects, (i) => connection.request('DELETE', `${collection.path}/${nameOf(i)}`));
}

/** Keeps as many requests under way as there are clients, until all are answered. */
export async function parallel(total: number, send: (number: number) => Promise<Answer>): Promise<Figures> {
  const times: number[] = [];
  let next = 0;
  const started = performance.now();
  const client = async (): Promise<void> => {
    while (next < total) {
      const number = next++;
      const begun = performance.now();
      await expectOk(send(number));
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: load.clients }, client));
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: Math.round(total / seconds), ...percentiles(times) };
}

async function oneByOne(total: number, send: () => Promise<Answer>): Promise<Figures> {
  const times: number[] = [];
  let bytes = 0;
  for (let i = 0; i < total; i++) {
    const begun = performance.now();
    bytes = (await expectOk(send())).body.length;
    times.push(performance.now() - begun);
  }
  return { bytes, ...percentiles(times) };
}

/** The answer. Throws with its status and text when it says that the request failed. */
export async function expectOk(answer: Promise<Answer>): Promise<Answer> {
  const { status, body } = await answer;
  if (status < 300) return answer;
  throw new Error(`a request was answered with ${status}: ${body.toString().slice(0, 300)}`);
}
