import { describe, expect, it } from '@jest/globals';
import { agreeOn } from './testing/agreement.ts';
import { readCases } from './testing/cases-read.ts';
import { deliberate } from './testing/deliberate.ts';

agreeOn(readCases);

describe("this kubectl and upstream's", () => {
  it('differ on purpose only where it is written down', () => {
    for (const each of deliberate)
      expect(each).toEqual({ what: expect.any(String), why: expect.any(String), apply: expect.any(Function) });
  });
});
