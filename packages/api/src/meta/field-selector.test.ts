import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fieldSelectorOf, parseFieldSelector } from './field-selector.ts';

describe('parseFieldSelector', () => {
  it.each([
    ['', []],
    [',', []],
    ['metadata.name=web', [{ field: 'metadata.name', operator: '=', value: 'web' }]],
    ['a==b', [{ field: 'a', operator: '=', value: 'b' }]],
    [
      'b!=2,a=1',
      [
        { field: 'a', operator: '=', value: '1' },
        { field: 'b', operator: '!=', value: '2' },
      ],
    ],
    ['a=', [{ field: 'a', operator: '=', value: '' }]],
    ['a=x\\,y\\=z\\\\', [{ field: 'a', operator: '=', value: 'x,y=z\\' }]],
  ])('reads %j', (text, requirements) => {
    expect(parseFieldSelector(text).requirements).toEqual(requirements);
  });

  it.each([
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['a=1,b', "invalid selector: 'a=1,b'; can't understand 'b'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=b\\c', 'invalid field selector: invalid escape sequence: \\c'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ])('refuses %j', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(new Error(message));
  });

  it('matches fields, absent ones as empty', () => {
    const fields: Record<string, string> = { phase: 'Running' };
    const matches = (text: string): boolean => parseFieldSelector(text).matches((field) => fields[field]);
    expect([
      matches('phase=Running'),
      matches('phase!=Running'),
      matches('node='),
      matches('node!='),
      matches(''),
    ]).toEqual([true, false, true, false, true]);
  });

  it('reads what it prints', () => {
    const requirement = fc.record({
      field: fc.constantFrom('metadata.name', 'spec.nodeName', 'a'),
      operator: fc.constantFrom('=' as const, '!=' as const),
      value: fc.oneof(fc.string(), fc.constantFrom(',', '\\', '=', '\\,', 'a,b=c\\d')),
    });
    fc.assert(
      fc.property(fc.array(requirement), (requirements) => {
        const again = parseFieldSelector(fieldSelectorOf(requirements).toString());
        const key = (each: unknown): string => JSON.stringify(each);
        expect(again.requirements.map(key).sort()).toEqual(requirements.map(key).sort());
      }),
    );
  });
});
