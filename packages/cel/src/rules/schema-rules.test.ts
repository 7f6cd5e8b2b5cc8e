import { Path } from '@coracle/api/meta/field-path';
import { describe, expect, it } from '@jest/globals';
import type { StructuralSchema, ValidationRule } from '../schema/structural.ts';
import { checkSchemaRules } from './check-rules.ts';
import { compileSchemaRules } from './schema-rules.ts';

const text = { type: 'string' };
const bounded = { type: 'string', maxLength: 10 };

function specWith(rules: ValidationRule[], properties: Record<string, StructuralSchema> = {}): StructuralSchema {
  return { type: 'object', properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': rules } } };
}

function errorsOf(schema: StructuralSchema, object: unknown, old?: unknown): string[] {
  const { errors } = compileSchemaRules(schema)!.validate(object, old);
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

describe('rules', () => {
  it('has nothing to do without rules', () => {
    expect(compileSchemaRules({ type: 'object', properties: { spec: text } })).toBeUndefined();
  });

  const size = { size: { type: 'integer' } };
  it.each<[string, ValidationRule, string[]]>([
    ['a rule that holds', { rule: 'self.size < 10' }, []],
    ['its own text', { rule: 'self.size > 10' }, ['spec: Invalid value: failed rule: self.size > 10']],
    ['a message', { rule: 'self.size > 10', message: 'too small ' }, ['spec: Invalid value: too small']],
    [
      'a messageExpression',
      { rule: 'self.size > 10', message: 'no', messageExpression: "'got ' + string(self.size)" },
      ['spec: Invalid value: got 5'],
    ],
    [
      'a messageExpression that fails',
      { rule: 'self.size > 10', message: 'no', messageExpression: 'string(1 / 0)' },
      ['spec: Invalid value: no'],
    ],
    [
      'a field path and a reason',
      { rule: 'self.size > 10', message: 'no', fieldPath: '.size', reason: 'FieldValueForbidden' },
      ['spec.size: Forbidden: no'],
    ],
    [
      'a duration that is none',
      { rule: "duration(string(self.size)) > duration('1s')" },
      [
        `spec: Invalid value: "object": type conversion error from 'string' to 'google.protobuf.Duration' evaluating rule: duration(string(self.size)) > duration('1s')`,
      ],
    ],
    [
      'an error',
      { rule: '1 / (self.size - 5) > 0' },
      ['spec: Invalid value: "object": division by zero evaluating rule: 1 / (self.size - 5) > 0'],
    ],
  ])('%s', (_, rule, expected) => {
    expect(errorsOf(specWith([rule], size), { spec: { size: 5 } })).toEqual(expected);
  });

  it('compares with what was before where old and new belong together', () => {
    const immutable = [{ rule: 'self == oldSelf', message: 'immutable' }];
    const schema: StructuralSchema = {
      type: 'object',
      properties: {
        items: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            properties: { name: text, value: { ...text, 'x-kubernetes-validations': immutable } },
          },
        },
        labels: { type: 'object', additionalProperties: { ...text, 'x-kubernetes-validations': immutable } },
      },
    };
    const old = {
      items: [
        { name: 'a', value: '1' },
        { name: 'b', value: '2' },
      ],
      labels: { x: '1' },
    };
    const now = {
      items: [
        { name: 'b', value: '3' },
        { name: 'c', value: '9' },
      ],
      labels: { x: '2', y: '3' },
    };
    expect(errorsOf(schema, now)).toEqual([]);
    expect(errorsOf(schema, now, old)).toEqual([
      'items[0].value: Invalid value: "3": immutable',
      'labels[x]: Invalid value: "2": immutable',
    ]);
  });

  it('runs rules with an optional oldSelf on new values too', () => {
    const schema = specWith([{ rule: 'oldSelf.hasValue() || self.size == 1', optionalOldSelf: true }], size);
    expect(errorsOf(schema, { spec: { size: 2 } })).toHaveLength(1);
    expect(errorsOf(schema, { spec: { size: 2 } }, { spec: { size: 3 } })).toEqual([]);
  });

  it('lets pass what was wrong before and has not changed', () => {
    const schema = specWith([{ rule: 'self.size > 10' }], size);
    const outcome = compileSchemaRules(schema)!.validate({ spec: { size: 5 }, a: 1 }, { spec: { size: 5 } });
    expect(outcome.errors).toEqual([]);
    expect(outcome.ratcheted).toHaveLength(1);
    expect(errorsOf(schema, { spec: { size: 6 } }, { spec: { size: 5 } })).toHaveLength(1);
  });

  it('reads names that need an escape, and the names of the resource', () => {
    const rules = [{ rule: "self.metadata.name.startsWith('a') && self.kind == 'Widget'" }];
    const schema = { type: 'object', properties: { spec: specWith([]) }, 'x-kubernetes-validations': rules };
    expect(errorsOf(schema, { kind: 'Widget', metadata: { name: 'b' } })).toHaveLength(1);
    const odd = specWith([{ rule: 'self.a__dash__b == self.__namespace__' }], { 'a-b': text, namespace: text });
    expect(errorsOf(odd, { spec: { 'a-b': 'x', namespace: 'x' } })).toEqual([]);
  });

  it('ends when the budget of an object is used up', () => {
    const list = { type: 'array', items: { type: 'integer' } };
    const rule = { rule: 'self.list.all(a, self.list.all(b, a + b >= 0))' };
    const schema = specWith(Array(40).fill(rule), { list });
    const of = (length: number) => ({ spec: { list: Array.from({ length }, (_, i) => i) } });
    expect(errorsOf(schema, of(50))).toEqual([]);
    expect(errorsOf(schema, of(230))).toEqual([
      `spec: Invalid value: "object": validation failed due to running out of cost budget, no further validation rules will be run`,
    ]);
    expect(errorsOf(schema, of(1000))).toEqual([
      `spec: Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${rule.rule}`,
    ]);
  });
});

describe('rules of a definition', () => {
  const faults = (schema: StructuralSchema) =>
    checkSchemaRules(schema, new Path('schema')).map(({ field, message }) => `${field}: ${message}`);
  const at = 'schema.properties[spec].x-kubernetes-validations[0]';

  it.each<[string, ValidationRule, RegExp[]]>([
    ['holds', { rule: 'self.name == "a"' }, []],
    [
      'names what is not there',
      { rule: 'self.nope' },
      [
        /rule: Invalid value: .*: compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n \| self.nope\n \| ....\^$/,
      ],
    ],
    ['is no bool', { rule: 'self.name' }, [/rule: Invalid value: .*: cel expression must evaluate to a bool$/]],
    [
      'has a message that is no string',
      { rule: 'true', messageExpression: '1' },
      [/messageExpression: Invalid value: .*: messageExpression must evaluate to a string$/],
    ],
    [
      'cannot be made ready to run',
      { rule: "int('x') > 1" },
      [/rule: Invalid value: .*: program instantiation failed: type conversion error from 'string' to 'int'$/],
    ],
    [
      'looks for what is no pattern',
      { rule: "self.name.find('[') == ''" },
      [/rule: Invalid value: .*: program instantiation failed: error parsing regexp: missing closing \]: `\[`$/],
    ],
    [
      'is shown as the internal form has it',
      { rule: 'self.a < 1', message: 'm' },
      [
        /rule: Invalid value: \{"Rule":"self.a \\u003c 1","Message":"m","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null\}: compilation failed: /,
      ],
    ],
    ['asks in its message alone what was', { rule: 'true', messageExpression: 'oldSelf.name' }, []],
    [
      'has an optional oldSelf in vain',
      { rule: 'true', optionalOldSelf: true },
      [/optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule$/],
    ],
  ])('%s', (_, rule, expected) => {
    const found = faults(specWith([rule], { name: bounded }));
    expect(found).toHaveLength(expected.length);
    for (const [i, pattern] of expected.entries()) {
      expect(found[i]).toMatch(pattern);
      expect(found[i]).toContain(at);
    }
  });

  it('cannot tell old from new in an atomic list', () => {
    const items = { ...bounded, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
    const schema = { type: 'object', properties: { list: { type: 'array', maxItems: 3, items } } };
    expect(faults(schema)).toEqual([
      'schema.properties[list].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties[list]',
    ]);
  });

  it('knows the fields of an atomic map again', () => {
    const v = { ...bounded, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
    const map = { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { v } };
    expect(faults({ type: 'object', properties: { map } })).toEqual([]);
    expect(errorsOf({ type: 'object', properties: { map } }, { map: { v: 'b' } }, { map: { v: 'a' } })).toHaveLength(1);
  });

  it('refuses what could cost too much', () => {
    const rule = { rule: "self.list.all(x, x.contains('a'))" };
    const list = (max?: number) => ({ list: { type: 'array', items: bounded, ...(max ? { maxItems: max } : {}) } });
    expect(faults(specWith([rule], list(10)))).toEqual([]);
    const unbounded = { list: { type: 'array', items: text } };
    const found = faults(specWith([rule], unbounded));
    expect(found[0]).toBe(
      `${at}.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`,
    );
    expect(found.at(-1)).toMatch(
      /^schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema/,
    );
  });

  const strings = (max: number) => ({ type: 'array', maxItems: max, items: text });
  const labels = (max?: number) => ({
    type: 'object',
    additionalProperties: text,
    ...(max ? { maxProperties: max } : {}),
  });
  const often = (expression: string) => `[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].all(x, ${expression})`;
  it.each<[string, string, Record<string, StructuralSchema>, string | undefined]>([
    [
      'keys of a map are counted as empty',
      "self.m.all(k, k.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$'))",
      { m: labels(8) },
      undefined,
    ],
    ['values of a map are not', "self.m.all(k, self.m[k].matches('^[a-z0-9]+$'))", { m: labels(100) }, '9.4x'],
    [
      'items of a list that was computed are as large as self',
      "(self.l + self.l).all(x, x.matches('a+b+c+'))",
      { l: strings(100) },
      undefined,
    ],
    [
      'items of a list that is a field are as large as declared',
      "self.l.all(x, x.matches('a+b+c+'))",
      { l: strings(100) },
      '6.3x',
    ],
    ['parts of a string are as large as self', "self.s.split(',')[0].matches('a+b+c+')", { s: text }, undefined],
    [
      'a field of a computed object is looked for in self',
      "[self].all(x, x.s.matches('a+b+c+'))",
      { s: text },
      undefined,
    ],
    [
      'joining computed strings may cost anything',
      "self.l.map(x, x).join(',') == ''",
      { l: { ...strings(2), items: bounded } },
      'more than 100x',
    ],
    [
      'sorting computed strings may cost anything',
      'self.l.filter(x, true).isSorted()',
      { l: { ...strings(2), items: bounded } },
      'more than 100x',
    ],
    [
      'joining strings of a field does not',
      "self.l.join(',') == ''",
      { l: { ...strings(2), items: bounded } },
      undefined,
    ],
    [
      'an address is read once',
      `${often('isIP(self.s)')} && ${often('ip(self.s).family() == 4')} && ${often('isCIDR(self.s)')} && ${often('cidr(self.s).prefixLength() == 8')}`,
      { s: text },
      '1.258320x',
    ],
    [
      'a canonical address is read twice',
      `${often('ip.isCanonical(self.s)')} && ${often('ip.isCanonical(self.s)')}`,
      { s: text },
      '1.258304x',
    ],
    [
      'a named format is as dear as the longest pattern of all',
      '!format.dns1123Label().validate(self.s).hasValue()',
      { s: text },
      '1.006634x',
    ],
  ])('estimates as upstream does: %s', (_, rule, properties, factor) => {
    const shown = faults(specWith([{ rule }], properties)).map(
      (fault) => /rule cost exceeds budget by factor of (.*?) \(/.exec(fault)?.[1],
    );
    expect(shown[0]).toBe(factor);
  });
});
