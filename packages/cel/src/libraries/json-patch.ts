import { reading, traversal } from '../cost/factors.ts';
import { scale } from '../cost/range.ts';
import { type Library, overload } from '../functions/overload.ts';

/** `jsonpatch.escapeKey`: a key as JSON pointers write it, for mutating admission policies. */
export const jsonPatch: Library = {
  'jsonpatch.escapeKey': [
    overload(
      'jsonpatch_escapeKey_string',
      '(string) string',
      (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
      { cost: ([key]) => reading(key!), estimate: ([key]) => ({ cost: scale(key!.size, traversal), size: key!.size }) },
    ),
  ],
};
