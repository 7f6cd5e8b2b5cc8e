import { describe, expect, it } from '@jest/globals';
import { findErrors, mostErrorText, required } from './field-path.ts';

describe('findErrors', () => {
  it('are what the validation says, in its order', () => {
    const errors = findErrors((root) =>
      [required(root.child('b')), required(root.child('a').index(1), 'why')].reverse(),
    );
    expect(errors).toEqual([
      { type: 'FieldValueRequired', field: 'a[1]', message: 'Required value: why' },
      { type: 'FieldValueRequired', field: 'b', message: 'Required value' },
    ]);
  });

  it('end a validation that has found more than is told', () => {
    let looked = 0;
    const detail = 'x'.repeat(mostErrorText / 4);
    const errors = findErrors((root) =>
      Array.from({ length: 100 }, (_, i) => {
        looked++;
        return required(root.index(i), detail);
      }),
    );
    expect(errors.map(({ field }) => field)).toEqual(['[0]', '[1]', '[2]', '[3]']);
    expect(looked).toBe(errors.length);
  });

  it('let through what is thrown for another reason', () => {
    expect(() =>
      findErrors(() => {
        throw new Error('a bug');
      }),
    ).toThrow('a bug');
  });
});
