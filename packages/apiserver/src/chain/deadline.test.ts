import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { deadline, limitWrite } from './deadline.ts';
import type { RequestContext } from './link.ts';
import { requestInfoOf } from './request-info.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** What becomes of a write that waits for its turn, begins, and never ends: after how many seconds, and how. */
async function lateWrite(turn: number, method = 'POST', query = ''): Promise<[seconds: number, outcome: string]> {
  const sent: string[] = [];
  const begun = Date.now();
  const context = {
    info: requestInfoOf(method, '/api/v1/namespaces'),
    query: new URLSearchParams(query),
    receivedAt: begun,
    req: { complete: true },
    res: {
      getHeaderNames: () => [],
      writeHead: (code: number) => sent.push(String(code)),
      end: (body: string) => sent.push(JSON.parse(body).message),
    },
  } as unknown as RequestContext;
  const link = deadline(
    60_000,
    () => false,
    () => undefined,
  );
  let at = Number.NaN;
  const outcome = link(context, async () => {
    await new Promise((resolve) => setTimeout(resolve, turn));
    limitWrite(context);
    await new Promise(() => undefined);
  }).then(
    () => sent.join(' '),
    (error: Error) => error.message,
  );
  void outcome.then(() => {
    at = Date.now();
  });
  await jest.advanceTimersByTimeAsync(60_000);
  const text = await outcome;
  return [(at - begun) / 1000, text];
}

const ofWrites = 'Timeout: request did not complete within requested timeout - context deadline exceeded';
const ofAll = '504 Timeout: request did not complete within the allotted timeout';

it('a write has 34 seconds from when its turn has come, and no more than its time', async () => {
  expect(await lateWrite(0)).toEqual([34, ofWrites]);
  expect(await lateWrite(10_000, 'DELETE')).toEqual([60, ofAll]);
  expect(await lateWrite(10_000)).toEqual([44, ofWrites]);
  expect(await lateWrite(40_000)).toEqual([60, ofAll]);
  expect(await lateWrite(0, 'POST', 'timeout=5s')).toEqual([5, ofAll]);
});

it('a read has all of its time', async () => {
  expect(await lateWrite(0, 'GET')).toEqual([60, ofAll]);
});
