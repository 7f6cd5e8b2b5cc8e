import { expect, it } from '@jest/globals';
import { callsToOwnServer } from '../../testing/own-server.ts';
import type { Authorizer } from './authorizer.ts';
import { authorization } from './index.ts';

const nobody: Authorizer = {
  authorize: () => ({ decision: 'noOpinion', reason: 'nobody may' }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};
const call = callsToOwnServer({ links: [authorization(nobody)] });

it.each(['/version', '/api/v1/pods'])(
  'who may not ask for %s gets a Status, whose type is not to be guessed',
  async (path) => {
    const { status, headers, body } = await call('GET', path);
    expect([status, body.reason]).toEqual([403, 'Forbidden']);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  },
);
