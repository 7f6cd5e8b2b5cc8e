import { describe, expect, it } from '@jest/globals';
import type { RequestContext } from './link.ts';
import { maxInFlight } from './max-in-flight.ts';
import { requestInfoOf } from './request-info.ts';

/** Requests through the link: how many are inside, and what lets them out. */
function through(limits: Parameters<typeof maxInFlight>[0]) {
  const link = maxInFlight(limits);
  const inside: (() => void)[] = [];
  const send = (method: string, url = '/api/v1/pods', groups: string[] = []) => {
    const context = { info: requestInfoOf(method, url), user: { name: 'x', groups } } as unknown as RequestContext;
    const outcome = link(context, () => new Promise((resolve) => inside.push(resolve)));
    outcome.catch(() => undefined);
    return outcome;
  };
  return { inside, send };
}

const refusal = { code: 429, reason: 'TooManyRequests', message: 'Too many requests, please try again later.' };

describe('requests beyond the limit', () => {
  it('are refused at once, until others have ended', async () => {
    const { inside, send } = through({ readOnly: 2, mutating: 1 });
    const first = send('GET');
    void send('GET');
    await expect(send('GET')).rejects.toMatchObject(refusal);
    inside[0]!();
    await first;
    void send('GET');
    expect(inside).toHaveLength(3);
  });

  it('do not hold up those of the other kind, watches, logs and administrators', async () => {
    const { inside, send } = through({ readOnly: 1, mutating: 1 });
    void send('GET');
    void send('POST');
    await expect(send('GET')).rejects.toMatchObject(refusal);
    await expect(send('POST')).rejects.toMatchObject(refusal);
    void send('GET', '/api/v1/pods?watch=1');
    void send('GET', '/api/v1/namespaces/a/pods/b/log');
    void send('GET', '/api/v1/pods', ['system:masters']);
    expect(inside).toHaveLength(5);
  });

  it('are as many as there are where the limit is 0', () => {
    const { inside, send } = through({ readOnly: 0, mutating: 0 });
    for (let i = 0; i < 10; i++) void send('GET');
    expect(inside).toHaveLength(10);
  });
});
