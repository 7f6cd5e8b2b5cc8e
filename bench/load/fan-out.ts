import { pause } from '../processes.ts';
import type { Connection } from './connection.ts';
import { type Figures, load, percentiles } from './figures.ts';
import { type Collection, nameOf } from './target.ts';

const mark = '"stamp":"';
/** How many updates are under way at once. */
const writers = 8;
const patienceMs = 60_000;

/**
 * Opens as many watches as `load` says on a collection, updates objects, and waits until every watch has seen every update. Figures: events
 * delivered a second from the first update on, and how long each took from before its request to its arrival.
 */
export async function fanOut(connection: Connection, { path }: Collection): Promise<Figures> {
  const first = await connection.request('GET', `${path}?limit=1`);
  const { metadata } = JSON.parse(first.body.toString()) as { metadata: { resourceVersion: string } };
  const sent = new Float64Array(load.updates);
  const times: number[] = [];
  const ends: (() => void)[] = [];
  const from = `${path}?watch=1&resourceVersion=${metadata.resourceVersion}`;
  for (let i = 0; i < load.watchers; i++) ends.push(await connection.watch(from, stampReader(sent, times)));
  const started = performance.now();
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < load.updates) {
      const number = next++;
      const body = `{"metadata":{"annotations":{"stamp":"${number}"}}}`;
      sent[number] = performance.now();
      await connection.request('PATCH', `${path}/${nameOf(number)}`, body, 'application/merge-patch+json');
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  const wanted = load.watchers * load.updates;
  while (times.length < wanted && performance.now() - started < patienceMs) await pause(5);
  const seconds = (performance.now() - started) / 1000;
  for (const end of ends) end();
  if (times.length < wanted) throw new Error(`${wanted - times.length} of ${wanted} events did not arrive`);
  return { perSecond: Math.round(wanted / seconds), ...percentiles(times) };
}

/** Finds the stamps in the bytes of a watch, which may be cut anywhere, and notes how old each is. */
function stampReader(sent: Float64Array, times: number[]): (part: Buffer) => void {
  let rest = '';
  return (part) => {
    const text = rest + part.toString('latin1');
    const end = text.lastIndexOf('\n') + 1;
    let at = text.indexOf(mark);
    const arrived = performance.now();
    while (at >= 0 && at < end) {
      const from = at + mark.length;
      times.push(arrived - sent[Number(text.slice(from, text.indexOf('"', from)))]!);
      at = text.indexOf(mark, from);
    }
    rest = text.slice(end);
  };
}
