import { type Library, type Overload, overload } from '../functions/overload.ts';
import { searching } from '../functions/text.ts';
import { compilePattern } from '../regex/pattern.ts';
import { ArrayList } from '../values.ts';

/** At worst every character is a match. */
const finding: Pick<Overload, 'cost' | 'estimate'> = {
  cost: searching.cost,
  estimate: (args) => ({ cost: searching.estimate!(args)!.cost, size: { min: 0n, max: args[0]!.size.max } }),
};

/** `find` and `findAll` (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-regex-library). */
export const regex: Library = {
  find: [
    overload(
      'string_find_string',
      'string.(string) string',
      (text: string, pattern: string) => compilePattern(pattern).find(text) ?? '',
      finding,
    ),
  ],
  findAll: [
    overload(
      'string_find_all_string',
      'string.(string) list(string)',
      (text: string, pattern: string) => new ArrayList(compilePattern(pattern).findAll(text)),
      finding,
    ),
    overload(
      'string_find_all_string_int',
      'string.(string, int) list(string)',
      (text: string, pattern: string, limit: bigint) =>
        new ArrayList(compilePattern(pattern).findAll(text, limit < 0n ? undefined : Number(limit))),
      finding,
    ),
  ],
};
