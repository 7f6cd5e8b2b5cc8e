import { describe, expect, it } from '@jest/globals';
import { goQuoted } from './go-text.ts';

describe('a quoted text', () => {
  it.each([
    ['plain "text"\n', '"plain \\"text\\"\\n"'],
    ['\x00\x01\x1f\x7f', '"\\x00\\x01\\x1f\\x7f"'],
    ['\x07\x0b\b\f\t', '"\\a\\v\\b\\f\\t"'],
    ['\\u0001', '"\\\\u0001"'],
    ['\u0085\u00a0\u200b\ue000\u{e0001}', '"\\u0085\\u00a0\\u200b\\ue000\\U000e0001"'],
    ['é€\ufffd\u{1f600}', '"é€\ufffd\u{1f600}"'],
  ])('%j', (text, quoted) => expect(goQuoted(text)).toBe(quoted));
});
