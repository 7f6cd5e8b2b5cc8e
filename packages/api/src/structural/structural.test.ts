import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JSONSchemaProps } from '../generated/apiextensions/v1.ts';
import { clone } from '../meta/object.ts';
import { dropNulls, fillDefaults } from './defaults.ts';
import { formatCheck } from './formats.ts';
import { duplicateItems } from './lists.ts';
import { structuralNode } from './node.ts';
import { loadPatterns } from './patterns.ts';
import { prune } from './prune.ts';
import { schemaValidator } from './validate.ts';

beforeAll(loadPatterns);

const text = (errors: readonly { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);
const x = (props: JSONSchemaProps): JSONSchemaProps => ({ type: 'object', properties: { x: props } });

describe('validation', () => {
  it.each<[JSONSchemaProps, unknown, string[]]>([
    [{ type: 'string' }, 1, ['x: Invalid value: "integer": x in body must be of type string: "integer"']],
    [{ type: 'string' }, null, ['x: Invalid value: "null": x in body must be of type string: "null"']],
    [{ type: 'string', nullable: true, enum: ['a'] }, null, ['x: Unsupported value: null: supported values: "a"']],
    [{ type: 'number', enum: [1, 2] }, 1.5, []],
    [
      { type: 'integer' },
      1.5,
      [
        'x: Invalid value: "number": x in body must be of type integer: "number"',
        '<nil>: Invalid value: "": Checked value must be of type integer (default format) in x',
      ],
    ],
    [{ type: 'integer' }, 2n ** 60n, []],
    [{ type: 'number' }, 1, []],
    [
      { type: 'integer', minimum: 1, exclusiveMinimum: true },
      1,
      ['x: Invalid value: 1: x in body should be greater than 1'],
    ],
    [{ type: 'integer', maximum: 3 }, 4, ['x: Invalid value: 4: x in body should be less than or equal to 3']],
    [{ type: 'number', multipleOf: 0.1 }, 0.35, ['x: Invalid value: 0.35: x in body should be a multiple of 0.1']],
    [
      { type: 'integer', format: 'int32' },
      2 ** 31,
      ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in x'],
    ],
    [{ type: 'string', minLength: 2 }, '😀', ['x: Invalid value: "😀": x in body should be at least 2 chars long']],
    [{ type: 'string', maxLength: 2 }, 'abc', ['x: Too long: may not be more than 2 bytes']],
    [{ type: 'string', pattern: '^a+$' }, 'b', ['x: Invalid value: "b": x in body should match \'^a+$\'']],
    [{ type: 'string', format: 'ipv4' }, 'z', ['x: Invalid value: "z": x in body must be of type ipv4: "z"']],
    [
      { type: 'array', items: { type: 'string' }, maxItems: 1 },
      ['a', 'b'],
      ['x: Too many: 2: must have at most 1 item'],
    ],
    [
      { type: 'array', items: { type: 'string' }, minItems: 1 },
      [],
      ['x: Invalid value: 0: x in body should have at least 1 items'],
    ],
    [
      { type: 'array', items: { type: 'string' } },
      ['a', 1],
      ['x[1]: Invalid value: "integer": x[1] in body must be of type string: "integer"'],
    ],
    [
      { type: 'object', additionalProperties: { type: 'string' } },
      { k: 1 },
      ['x.k: Invalid value: "integer": x.k in body must be of type string: "integer"'],
    ],
    [{ type: 'object', required: ['y'] }, {}, ['x.y: Required value']],
    [
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      {},
      [
        '<nil>: Invalid value: "": "x" must validate one and only one schema (oneOf). Found none valid',
        'x.a: Required value',
      ],
    ],
    [
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: 1, b: 1 },
      ['<nil>: Invalid value: "": "x" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      { type: 'object', anyOf: [{ required: ['a'] }] },
      {},
      ['<nil>: Invalid value: "": "x" must validate at least one schema (anyOf)', 'x.a: Required value'],
    ],
    [
      { type: 'object', allOf: [{ required: ['a'] }] },
      {},
      ['x.a: Required value', '<nil>: Invalid value: "": "x" must validate all the schemas (allOf). None validated'],
    ],
    [
      { type: 'object', not: { required: ['a'] } },
      { a: 1 },
      ['<nil>: Invalid value: "": "x" must not validate the schema (not)'],
    ],
    // Of several errors of a text the first is told; of one byte there is no plural.
    [{ type: 'string', maxLength: 1, pattern: '^z' }, 'ab', ['x: Too long: may not be more than 1 byte']],
    // Bounds lose what is after their point, and must be of the type themselves.
    [{ type: 'number', maximum: 4.25 }, 5, ['x: Invalid value: 5: x in body should be less than or equal to 4']],
    [
      { type: 'integer', minimum: 1.5 },
      3,
      ['<nil>: Invalid value: "": Minimum boundary value must be of type integer (default format) in x'],
    ],
    // With a bound that is none of its type, an integer is compared as it stands.
    [
      { type: 'integer', minimum: 2.5 },
      2,
      [
        '<nil>: Invalid value: "": Minimum boundary value must be of type integer (default format) in x',
        'x: Invalid value: 2: x in body should be greater than or equal to 2.5',
      ],
    ],
    [
      { type: 'integer', multipleOf: 0.5 },
      4,
      ['<nil>: Invalid value: "": MultipleOf value must be of type integer (default format) in x'],
    ],
    [{ type: 'string', format: 'date' }, 5, ['x: Invalid value: "int64": x in body must be of type date: "int64"']],
    // A format without a type is about texts and lists, and says so of all else.
    [
      { type: 'integer', allOf: [{ format: 'date' }] },
      5,
      [
        'x: Invalid value: "int64": x in body must be of type date: "int64"',
        '<nil>: Invalid value: "": "x" must validate all the schemas (allOf). None validated',
      ],
    ],
    [{ type: 'object', not: { format: 'date' } }, {}, []],
    // What several parts say alike is said once.
    [
      { type: 'integer', minimum: 1, allOf: [{ minimum: 1 }, { minimum: 1 }] },
      0,
      [
        'x: Invalid value: 0: x in body should be greater than or equal to 1',
        '<nil>: Invalid value: "": "x" must validate all the schemas (allOf). None validated',
      ],
    ],
    // What is required is looked for last.
    [
      { type: 'object', required: ['a'], properties: { b: { type: 'string' } } },
      { b: 1 },
      ['x.b: Invalid value: "integer": x.b in body must be of type string: "integer"', 'x.a: Required value'],
    ],
    // The alternative that most validators looked at is shown.
    [
      {
        type: 'object',
        anyOf: [
          { required: ['c'] },
          { properties: { a: { minLength: 5 }, b: { minimum: 1 } }, required: ['d'] },
          { properties: { a: { minLength: 5 } } },
        ],
      },
      { a: 'x', b: 2 },
      [
        '<nil>: Invalid value: "": "x" must validate at least one schema (anyOf)',
        'x.a: Invalid value: "x": x.a in body should be at least 5 chars long',
        'x.d: Required value',
      ],
    ],
  ])('%j of %j', (props, value, messages) => {
    expect(text(schemaValidator(x(props)).validate({ x: value }))).toEqual(messages);
  });

  it('lets through what was invalid before and has not changed', () => {
    const item: JSONSchemaProps = {
      type: 'object',
      properties: { name: { type: 'string' }, n: { type: 'integer', minimum: 5 } },
    };
    const list = { type: 'array', items: item };
    const validator = schemaValidator({
      type: 'object',
      properties: {
        a: { type: 'integer', minimum: 5 },
        b: { type: 'string' },
        keyed: { ...list, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
        plain: list,
      },
    });
    const old = { a: 1, b: 'x', keyed: [{ name: 'p', n: 1 }], plain: [{ n: 1 }] };
    expect(validator.validate({ ...old, b: 'y' }, '', old)).toEqual([]);
    expect(text(validator.validate({ ...old, a: 2 }, '', old))).toEqual([
      'a: Invalid value: 2: a in body should be greater than or equal to 5',
    ]);
    // Items of maps are known by their keys, those of other lists only as a whole.
    expect(validator.validate({ ...old, keyed: [{ name: 'new', n: 7 }, ...old.keyed] }, '', old)).toEqual([]);
    expect(validator.validate({ ...old, plain: [{ n: 7 }, ...old.plain] }, '', old)).toHaveLength(1);
  });

  it('is not held up by patterns that backtrack', () => {
    const validator = schemaValidator(x({ type: 'string', pattern: '^(a+)+$' }));
    expect(validator.validate({ x: `${'a'.repeat(50_000)}!` })).toHaveLength(1);
  });
});

describe('pruning and defaults', () => {
  const node = structuralNode({
    type: 'object',
    properties: {
      a: { type: 'integer', default: 1 },
      n: { type: 'string', nullable: true, default: 'n' },
      z: { type: 'string' },
      o: { type: 'object', default: {}, properties: { p: { type: 'string', default: 'q' } } },
      list: { type: 'array', items: { type: 'object', properties: { k: { type: 'string', default: 'v' } } } },
      any: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { known: { type: 'object', properties: { k: { type: 'string' } } } },
      },
    },
  });

  it('name what goes', () => {
    const value = {
      metadata: { x: 1 },
      odd: 1,
      list: [{ odd: 1 }, { k: 'x' }],
      any: { free: { x: 1 }, known: { odd: 1 } },
    };
    const unknown: string[] = [];
    prune(value, node, true, unknown);
    expect(unknown).toEqual(['odd', 'list[0].odd', 'any.known.odd']);
    expect(value).toEqual({ metadata: { x: 1 }, list: [{}, { k: 'x' }], any: { free: { x: 1 }, known: {} } });
  });

  it('keep a value of any kind, and nothing of what it consists of', () => {
    const value = { a: { b: 1 }, l: [{ c: 1 }, 2] };
    const unknown: string[] = [];
    prune(value, structuralNode({ type: 'object', additionalProperties: true }), false, unknown);
    expect(value).toEqual({ a: {}, l: [{}, 2] });
    expect(unknown).toEqual(['a.b', 'l[0].c']);
  });

  it('fill in, and take nulls away where none may be', () => {
    const value = { a: null, n: null, z: null, list: [{}, null] };
    dropNulls(value, node);
    fillDefaults(value, node);
    expect(value).toEqual({ a: 1, n: null, list: [{ k: 'v' }, null], o: { p: 'q' } });
  });

  it('are idempotent, whatever the value', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'n', 'o', 'list', 'any', '__proto__', 'odd'), fc.jsonValue()),
        (value) => {
          const once = (it: unknown) => {
            prune(it, node, true);
            dropNulls(it, node);
            fillDefaults(it, node);
            return it;
          };
          const first = once(clone(value));
          expect(once(clone(first))).toEqual(first);
        },
      ),
    );
  });
});

describe('the items of a list that is a map', () => {
  const listOf = (...keys: string[]) =>
    structuralNode({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': keys,
      items: { type: 'object', properties: { k: { type: 'string' } } },
    });
  const none = ': Duplicate value: {}';

  it.each<[unknown[], string[]]>([
    [[null, null, { k: 'a' }], [`[1]${none}`]],
    [[null, {}], [`[1]${none}`]],
    [[{ k: null }, {}], []],
    [[{ k: { a: 1, b: 2 } }, { k: { b: 2, a: 1 } }], ['[1]: Duplicate value: {"k":{"a":1,"b":2}}']],
    [[{ k: 'a' }, 1, 'x', { k: 'a' }], ['[1]: Invalid value: 1: must be an object for an array of list-type map']],
  ])('%j: %j', (items, errors) => {
    expect(text(duplicateItems(items, listOf('k')))).toEqual(errors);
    expect(text(duplicateItems(items, listOf('k', 'l')))).toEqual(errors);
  });
});

it('items of a set are the same in whatever order their keys are', () => {
  const set = structuralNode({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } });
  const same = ['[1]: Duplicate value: {"k":{"a":1,"b":2}}'];
  expect(text(duplicateItems([{ k: { a: 1, b: 2 } }, { k: { b: 2, a: 1 } }], set))).toEqual(same);
  expect(duplicateItems([{ k: null }, {}], set)).toEqual([]);
});

describe('formats', () => {
  it.each([
    ['uuid', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'x'],
    ['date', '2024-02-29', '2023-02-29'],
    ['date-time', '2024-02-29T01:02:03.4+05:00', '2024-02-30T01:02:03Z'],
    ['duration', '1h30m', '1x'],
    ['cidr', '10.0.0.0/8', '10.0.0.0/33'],
    ['mac', '01:23:45:67:89:ab', '01:23:45'],
    ['isbn', '978-0-306-40615-7', '978-0-306-40615-8'],
    ['creditcard', '4111 1111 1111 1111', '4111 1111 1111 1112'],
    ['byte', 'YWJj', 'YW*'],
    ['hostname', 'a.example.com', '-a'],
    ['k8s-short-name', 'a-b', 'a.b'],
    ['byte', 'YWJj', ''],
    ['email', 'Ada (a comment) <"a b"@[::1]>', 'a..b@c'],
    ['email', 'ä@b.c', '@b'],
    ['uri', 'urn:a:b', 'a/b'],
    ['uri', 'https://u:p@x:1/a b?c', 'https://x:y/'],
    ['hostname', 'example.com', 'a.b'],
    ['ipv4', '01.2.3.4', '1.2.3'],
    ['ipv6', '::ffff:1.2.3.4', 'fe80::1%eth0'],
    ['mac', '0000.5e00.5301', '00:00-5e:00:53:01'],
    ['ssn', '111 11-1111', '111111111'],
    ['duration', 'in 3 Days', '1 month'],
    ['date-time', '2024-02-29t01:02:03z', '2024-02-29 01:02:03Z'],
    ['uuid3', '3fa85f64-5717-3562-73fc-2c963f66afa6', '3fa85f64-5717-4562-73fc-2c963f66afa6'],
  ])('%s', (format, right, wrong) => {
    expect([formatCheck(format)!(right), formatCheck(format)!(wrong)]).toEqual([true, false]);
  });
});

it('is compiled where there is something to be looked at, and nowhere else', () => {
  let looked = 0;
  const unused = new Proxy<JSONSchemaProps>(
    { type: 'string', pattern: '(' },
    {
      get(it, key) {
        looked++;
        return Reflect.get(it, key);
      },
    },
  );
  const inner: JSONSchemaProps = { type: 'object', properties: { unused } };
  const props: JSONSchemaProps = { type: 'object', properties: { used: { type: 'integer' }, inner } };
  const value = { used: 1, gone: 2 };
  prune(value, structuralNode(props), false);
  expect(value).toEqual({ used: 1 });
  expect(schemaValidator(props).validate(value)).toEqual([]);
  expect(looked).toBe(0);
});
