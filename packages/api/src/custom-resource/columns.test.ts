import { describe, expect, it } from '@jest/globals';
import { columnsOf } from './columns.ts';

describe('the columns of a definition', () => {
  it('show a null as what has no value where texts are, and as nothing elsewhere', () => {
    const object = { apiVersion: 'example.com/v1', kind: 'Odd', metadata: {}, spec: { a: null, l: [null] } };
    const cell = (jsonPath: string, type: string) =>
      columnsOf([{ name: 'A', type, jsonPath }])[0]!.value(object, Date.now());
    for (const path of ['.spec.a', '.spec.l[0]', '.spec.l[*]']) expect(cell(path, 'string')).toBe('<no value>');
    for (const type of ['integer', 'number', 'boolean', 'date']) expect(cell('.spec.a', type)).toBeNull();
    expect(cell('.spec.none', 'string')).toBeNull();
    expect(cell('.spec.l', 'string')).toBe('[null]');
  });
});
