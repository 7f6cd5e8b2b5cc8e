import { describe, expect, it } from '@jest/globals';
import { inFlightLimit } from './in-flight.ts';
import type { RequestContext } from './link.ts';
import { requestInfoOf } from './request-info.ts';

/** Requests through the link: how many are inside, and what lets them out. */
function through(limits: Parameters<typeof inFlightLimit>[0]) {
  const link = inFlightLimit(limits);
  const inside: (() => void)[] = [];
  const send = (method: string, url = '/api/v1/pods', groups: string[] = [], signal = new AbortController().signal) => {
    const context = {
      info: requestInfoOf(method, url),
      user: { name: 'x', groups },
      signal,
    } as unknown as RequestContext;
    const outcome = link(context, () => new Promise((resolve) => inside.push(resolve)));
    outcome.catch(() => undefined);
    return outcome;
  };
  return { inside, send };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const limits = { readOnly: 2, mutating: 1, waiting: 2, patience: 60_000 };

describe('requests beyond the limit', () => {
  it('wait, and go on in order', async () => {
    const { inside, send } = through(limits);
    const first = send('GET');
    void send('GET');
    const third = send('GET');
    await settled();
    expect(inside).toHaveLength(2);
    inside[0]!();
    await first;
    await settled();
    expect(inside).toHaveLength(3);
    inside[2]!();
    await third;
  });

  it('do not hold up those of the other kind, watches, logs and administrators', async () => {
    const { inside, send } = through({ ...limits, waiting: 0 });
    void send('POST');
    void send('GET');
    void send('GET');
    await expect(send('GET')).rejects.toMatchObject({
      code: 429,
      message: 'Too many requests, please try again later.',
    });
    void send('GET', '/api/v1/pods?watch=1');
    void send('GET', '/api/v1/namespaces/a/pods/b/log');
    void send('GET', '/api/v1/pods', ['system:masters']);
    await settled();
    expect(inside).toHaveLength(6);
  });

  it('are refused when too many wait, or the wait is over', async () => {
    const { send } = through({ ...limits, patience: 20 });
    void send('POST');
    const waiting = [send('POST'), send('POST')];
    await expect(send('POST')).rejects.toMatchObject({ code: 429 });
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 429 });
  });

  it('are forgotten when their client leaves', async () => {
    const { inside, send } = through(limits);
    void send('POST');
    const leaving = new AbortController();
    const gone = send('POST', '/api/v1/pods', [], leaving.signal);
    const stays = send('POST');
    await settled();
    leaving.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    inside[0]!();
    await settled();
    expect(inside).toHaveLength(2);
    inside[1]!();
    await stays;
  });
});
