import { randomBytes, randomInt } from 'node:crypto';
import { encode } from 'dns-packet';
import { bits, rcodes, types } from '../wire/codes.ts';
import { recordsOf } from '../wire/walk.ts';
import { loopText } from '../zone/zone.ts';
import { exchangeUdp, NoAnswer } from './exchange.ts';
import type { UpstreamServer } from './server.ts';

/** What a server of this cluster answers, as the data of a TXT record: one string behind its length. */
const expected = Buffer.from([loopText.length, ...Buffer.from(loopText)]);

const period = 30_000;
const periodUntilKnown = 5_000;

/**
 * Finds out, now and from time to time, which servers upstream lead back to this cluster's own, perhaps by way of others, so that they
 * are not asked. `loopName` gives a name that only this cluster's servers answer, once there is one.
 */
export function guardLoops(
  servers: readonly UpstreamServer[],
  loopName: (nonce: string) => string | undefined,
  signal: AbortSignal,
): void {
  for (const server of servers) {
    watch(server).catch((error) =>
      process.nextTick(() => {
        throw error;
      }),
    );
  }

  async function watch(server: UpstreamServer): Promise<void> {
    while (!signal.aborted) {
      // The nonce keeps caches on the way from answering.
      const name = loopName(randomBytes(8).toString('hex'));
      // One that is down is checked until it answers, and asked this then.
      const known = name === undefined || !server.up ? undefined : await leadsBack(server, name);
      if (known !== undefined) server.looping = known;
      await pause(known === undefined ? periodUntilKnown : period, signal);
    }
  }
}

/** Whether a server gives an answer that only this cluster's servers have; undefined where it cannot tell now. */
async function leadsBack(server: UpstreamServer, name: string): Promise<boolean | undefined> {
  const query = encode({
    type: 'query',
    id: randomInt(65_536),
    flags: bits.recursionDesired,
    questions: [{ type: 'TXT', name }],
  });
  try {
    const answer = await exchangeUdp(server.address, query, 2_000);
    server.answered();
    if ((answer.readUInt16BE(2) & bits.rcode) === rcodes.SERVFAIL) return undefined;
    // There are servers that answer to every name: only the one text counts.
    return recordsOf(answer).some(
      (each) => each.type === types.TXT && answer.subarray(each.dataAt, each.end).equals(expected),
    );
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    server.failed();
    return undefined;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
