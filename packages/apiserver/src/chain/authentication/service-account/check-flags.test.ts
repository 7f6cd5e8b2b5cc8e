import { describe, expect, it } from '@jest/globals';
import { checkTokenFlags } from './check-flags.ts';

const hour = 3_600_000;
const said = (flags: { issuers?: string[]; maxExpiration?: number; extendExpiration?: boolean }): string[] => {
  const warnings: string[] = [];
  checkTokenFlags({ issuers: ['https://a'], maxExpiration: 0, extendExpiration: true, ...flags }, (text) =>
    warnings.push(text),
  );
  return warnings;
};

describe('flags of service account tokens', () => {
  it.each([
    [{ issuers: ['a', 'a'] }, 'service-account-issuer "a" is already specified'],
    [{ issuers: ['a', ''] }, 'service-account-issuer should not be an empty string'],
    [{ issuers: [':a'] }, `service-account-issuer ":a" contained a ':' but was not a valid URL`],
    [{ maxExpiration: hour - 1 }, 'the service-account-max-token-expiration must be between 1 hour and 2^32 seconds'],
    [
      { maxExpiration: (2 ** 32 + 1) * 1000 },
      'the service-account-max-token-expiration must be between 1 hour and 2^32 seconds',
    ],
  ])('are refused where they cannot be: %j', (flags, message) => {
    expect(() => said(flags)).toThrow(message);
  });

  it('warn of tokens that live longer than the longest, or are never extended', () => {
    const flag = 'service-account-extend-token-expiration is true';
    const extended = `${flag}, enabling tokens valid up to 31536000 seconds, which is longer than service-account-max-token-expiration set to`;
    expect(said({})).toEqual([]);
    expect(said({ maxExpiration: hour, extendExpiration: false })).toEqual([]);
    expect(said({ maxExpiration: 2 * hour })).toEqual([`${extended} 2h0m0s seconds`]);
    expect(said({ maxExpiration: hour })).toEqual([
      `${flag}, in order to correctly trigger safe transition logic, service-account-max-token-expiration must be set longer than 3607 seconds (currently 1h0m0s)`,
      `${extended} 1h0m0s seconds`,
    ]);
    expect(said({ maxExpiration: 31_536_000_000 })).toEqual([]);
  });
});
