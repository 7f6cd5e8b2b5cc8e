import { Reader } from '@coracle/api/codec/protobuf-wire';
import { expect, it } from '@jest/globals';
import { encodeOpenApiV3 } from './v3-protobuf.ts';

/** The fields of a message: numbers for what is no bytes. */
function read(message: Buffer): Map<number, (Buffer | number)[]> {
  const reader = new Reader(message);
  const fields = new Map<number, (Buffer | number)[]>();
  while (!reader.done) {
    const [field, wire] = reader.tag();
    const value = wire === 2 ? reader.bytes() : wire === 1 ? reader.double() : Number(reader.varint());
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

/** The message at a path of field numbers, the first of each. */
const part = (message: Buffer, ...path: number[]): Buffer =>
  path.reduce((value, field) => read(value).get(field)![0] as Buffer, message);

/** The value at a path. */
function at(message: Buffer, ...path: number[]): string | number {
  const value = read(part(message, ...path.slice(0, -1))).get(path.at(-1)!)![0]!;
  return typeof value === 'number' ? value : value.toString();
}

const gvk = [{ group: 'x.io', version: 'v1', kind: 'X' }];
const document = encodeOpenApiV3({
  openapi: '3.0.0',
  info: { title: 'Kubernetes', version: 'v1.36.0' },
  paths: {
    '/apis/x.io/v1/xs': {
      parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', uniqueItems: true } }],
      post: {
        tags: ['xs'],
        requestBody: { content: { '*/*': { schema: { $ref: '#/components/schemas/X' } } } },
        responses: { 201: { description: 'Created' } },
        'x-kubernetes-action': 'post',
      },
    },
  },
  components: {
    schemas: {
      X: {
        type: 'object',
        required: ['a', 'b'],
        'x-kubernetes-group-version-kind': gvk,
        properties: {
          a: { type: 'integer', maximum: 1.5, minLength: 3, nullable: true, default: 2, enum: [1] },
          b: { type: 'object', additionalProperties: { $ref: '#/components/schemas/Y' }, default: {} },
          c: { type: 'array', items: { type: 'string' }, allOf: [{ pattern: 'p' }], additionalProperties: false },
        },
      },
    },
  },
});

it('a document in protobuf says what it says in JSON', () => {
  expect([at(document, 1), at(document, 2, 1), at(document, 2, 6)]).toEqual(['3.0.0', 'Kubernetes', 'v1.36.0']);
});

it('has paths with their operations by name', () => {
  const path = [4, 1];
  expect(at(document, ...path, 1)).toBe('/apis/x.io/v1/xs');
  expect(at(document, ...path, 2, 13, 1, 1)).toBe('limit');
  expect(at(document, ...path, 2, 13, 1, 10, 1, 20)).toBe(1);
  const post = [...path, 2, 6];
  expect(at(document, ...post, 1)).toBe('xs');
  expect(at(document, ...post, 7, 1, 2, 1, 1)).toBe('*/*');
  expect(at(document, ...post, 7, 1, 2, 1, 2, 1, 2, 1)).toBe('#/components/schemas/X');
  expect([at(document, ...post, 8, 2, 1), at(document, ...post, 8, 2, 2, 1, 1)]).toEqual(['201', 'Created']);
  expect([at(document, ...post, 13, 1), at(document, ...post, 13, 2, 2)]).toEqual(['x-kubernetes-action', 'post\n']);
});

it('has schemas with all that validates', () => {
  const x = [5, 1, 1];
  expect(at(document, ...x, 1)).toBe('X');
  const schema = part(document, ...x, 2, 1);
  expect(read(schema).get(23)!.map(String)).toEqual(['a', 'b']);
  expect(at(schema, 36, 1)).toBe('x-kubernetes-group-version-kind');
  expect(at(schema, 36, 2, 2)).toContain('kind: X');
  const [a, b, c] = read(read(schema).get(31)![0] as Buffer).get(1) as Buffer[];
  expect([1, 11, 16, 25].map((field) => at(a!, 2, 1, field))).toEqual([1, 1.5, 3, 'integer']);
  expect([at(a!, 2, 1, 33, 1), at(a!, 2, 1, 24, 2)]).toEqual([2, '1\n']);
  expect([at(b!, 2, 1, 32, 1, 2, 1), at(b!, 2, 1, 33)]).toEqual(['#/components/schemas/Y', '']);
  expect([at(c!, 2, 1, 30, 1, 1, 25), at(c!, 2, 1, 26, 1, 17), at(c!, 2, 1, 32, 2)]).toEqual(['string', 'p', 0]);
});
