import { reading, regexFactor, sizeOf, traversal } from '../cost/factors.ts';
import { add, exactly, multiply, scale } from '../cost/range.ts';
import { compilePattern } from '../regex/pattern.ts';
import type { Value } from '../values.ts';
import { type Library, type Overload, overload } from './overload.ts';

const affix: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([text]) => reading(text!),
  estimate: ([, part]) => ({ cost: scale(part!.size, traversal) }),
};

/** What a search for a pattern costs: the text's length times a quarter of the pattern's. */
export const searching: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([text, pattern]) => Math.ceil((1 + sizeOf(text!)) * traversal) * Math.ceil(sizeOf(pattern!) * regexFactor),
  estimate: ([text, pattern]) => ({
    cost: multiply(scale(add(text!.size, exactly(1)), traversal), scale(pattern!.size, regexFactor)),
  }),
};

const matches = (text: string, pattern: string): Value => compilePattern(pattern).test(text);

/** The string functions of the language itself. */
export const text: Library = {
  contains: [
    overload('contains_string', 'string.(string) bool', (it: string, part: string) => it.includes(part), {
      cost: ([it, part]) => reading(it!) * reading(part!),
      estimate: ([it, part]) => ({ cost: multiply(scale(it!.size, traversal), scale(part!.size, traversal)) }),
    }),
  ],
  startsWith: [
    overload('starts_with_string', 'string.(string) bool', (it: string, part: string) => it.startsWith(part), affix),
  ],
  endsWith: [
    overload('ends_with_string', 'string.(string) bool', (it: string, part: string) => it.endsWith(part), affix),
  ],
  matches: [
    overload('matches', '(string, string) bool', matches, searching),
    overload('matches_string', 'string.(string) bool', matches, searching),
  ],
};
