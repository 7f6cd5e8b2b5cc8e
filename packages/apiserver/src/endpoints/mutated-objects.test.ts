import { builtinKinds } from '@coracle/api/builtin';
import { encodeJson } from '@coracle/api/codec/json';
import { encodeProtobuf, protobufType } from '@coracle/api/codec/protobuf';
import { formatYaml } from '@coracle/api/codec/yaml';
import type { AnyKind } from '@coracle/api/kind';
import { clone } from '@coracle/api/meta/object';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exampleNames, examples } from '../testing/examples.ts';
import type { Answer } from '../testing/http.ts';
import { callsToOwnServer } from '../testing/own-server.ts';

/*
 * Objects as people write them, with something wrong somewhere, in each of the forms in which they may come.
 */

/** What intercepts requests must not intercept those of this test: it is written where nothing goes by it. */
const interceptors = 'admissionregistration.k8s.io';
const withoutAdmission = callsToOwnServer();
const withAdmission = callsToOwnServer({ plugins: 'default' });

const stored = builtinKinds.filter((kind) => kind.verbs.includes('get') && !kind.isComputed);
const named = (kind: AnyKind) => `${kind.apiVersion} ${kind.kind}`;
/** Each kind has a namespace of its own, so that none is bound by another's quotas and ranges. */
const namespaceOf = (kind: AnyKind) => (kind.kind === 'Event' ? 'default' : `${kind.plural}-${kind.version}`);
const collection = (kind: AnyKind) => {
  const namespace = kind.namespaced ? `/namespaces/${namespaceOf(kind)}` : '';
  return `${kind.group === '' ? '/api' : '/apis'}/${kind.apiVersion}${namespace}/${kind.plural}`;
};

type Parent = Record<string, unknown>;
type Place = readonly [parent: Parent, key: string, pointer: string];

/** All places of a value: members of objects and items of lists, with the JSON pointer to them. */
function placesOf(value: unknown, pointer = ''): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key): Place[] => {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [[value as Parent, key, at], ...placesOf((value as Parent)[key], at)];
  });
}

const oddValues: readonly unknown[] = [
  ...[null, '', 'A_b', 'x'.repeat(300), '\u0000', '☃', '-1', '10.0.0.256', '1e99999', '2026-13-01T00:00:00Z'],
  ...[0, -1, 1.5, 2 ** 31, 2n ** 63n, 1e300, true, false],
  ...[[], {}, [null], [{}], [[]], { '': '' }, { __proto__x: 1 }, ['a', 'a'], [{ name: 'a' }, { name: 'a' }]],
];

interface Mutation {
  /** Which place: taken modulo how many there are. */
  readonly place: number;
  readonly how: 'replace' | 'remove' | 'add' | 'repeat';
  readonly value: unknown;
}

const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    place: fc.nat(),
    how: fc.constantFrom('replace', 'replace', 'remove', 'add', 'repeat'),
    value: fc.constantFrom(...oddValues),
  }),
  { minLength: 1, maxLength: 3 },
);

/** Changes an object in place. */
function mutate(object: object, { place, how, value }: Mutation): void {
  const places = placesOf(object);
  const [parent, key] = places[place % places.length]!;
  if (how === 'replace') parent[key] = value;
  else if (how === 'add') parent[Array.isArray(parent) ? parent.length : 'bogus'] = value;
  else if (Array.isArray(parent))
    parent.splice(Number(key), 1, ...(how === 'repeat' ? [parent[+key], clone(parent[+key])] : []));
  else if (how === 'remove') delete parent[key];
  else parent[`${key}x`] = parent[key];
}

/** The same change as an operation of a JSON patch on the object it is of. */
function operationOf(object: object, { place, how, value }: Mutation): object {
  const places = placesOf(object);
  const path = places[place % places.length]![2];
  return how === 'repeat' ? { op: 'copy', from: path, path: `${path}x` } : { op: how, path, value };
}

/** Only what does not fit a type when it is applied is a 500, as upstream has it. */
function expectServed(answer: Answer): void {
  if (answer.status < 500) return;
  expect(answer.text).toMatch(/"message":"failed to (create typed patch object|convert new object)/);
}

describe.each(stored.map((kind) => [named(kind), kind] as const))('%s', (_, kind) => {
  const name = exampleNames[named(kind)] ?? 'example';
  const at = `${collection(kind)}/${name}`;
  const { apiVersion } = kind;
  const call = kind.group === interceptors ? withoutAdmission : withAdmission;

  it('is no trouble with something wrong in it, in whatever form it comes', async () => {
    if (kind.namespaced) {
      const namespace = namespaceOf(kind);
      await call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
      await call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
    }
    const example = examples[named(kind)] as { metadata?: object };
    const object = { apiVersion, kind: kind.kind, ...example, metadata: { ...example.metadata, name } };
    const made = await call('POST', collection(kind), object);
    expect([made.status, made.text.slice(0, made.status === 201 ? 0 : 500)]).toEqual([201, '']);
    const parts = placesOf(object).filter(([parent, key]) => typeof parent[key] === 'object');
    for (const [parent, key, pointer] of parts) {
      const whole = parent[key];
      for (const empty of Array.isArray(whole) ? [[], [{}], [null]] : [{}]) {
        parent[key] = empty;
        const answer = await call('POST', `${collection(kind)}?dryRun=All`, object);
        expect([pointer, empty, answer.status >= 500 ? answer.text : '']).toEqual([pointer, empty, '']);
      }
      parent[key] = whole;
    }
    await fc.assert(
      fc.asyncProperty(mutations, fc.nat(), fc.nat(255), async (changes, position, byte) => {
        const live = (await call('GET', at)).body;
        const changed = clone(live);
        for (const change of changes) mutate(changed, change);
        const draft = clone(changed);
        if (draft.metadata) delete draft.metadata.resourceVersion;
        const unmanaged = clone(draft);
        if (unmanaged.metadata) delete unmanaged.metadata.managedFields;
        const bytes = encodeProtobuf(live, kind.type);
        bytes[position % bytes.length] = byte;
        const as = (type: string) => ({ 'content-type': `application/${type}` });
        const patch = (type: string, body: unknown, query = '') =>
          call('PATCH', at + query, typeof body === 'string' ? body : encodeJson(body), as(type));
        for (const answer of [
          await call('POST', `${collection(kind)}?dryRun=All`, encodeJson(draft)),
          await call('POST', `${collection(kind)}?dryRun=All&fieldValidation=Strict`, formatYaml(draft), as('yaml')),
          await call('PUT', at, bytes, { 'content-type': protobufType }),
          await call('PUT', at, bytes.subarray(0, position % bytes.length), { 'content-type': protobufType }),
          await call('PUT', at, formatYaml(changed), as('yaml')),
          await patch('merge-patch+json', draft),
          await patch('strategic-merge-patch+json', draft),
          await patch(
            'json-patch+json',
            changes.map((change) => operationOf(live, change)),
          ),
          await patch('apply-patch+yaml', unmanaged, '?fieldManager=a&force=true'),
          await patch('apply-patch+yaml', formatYaml(unmanaged), '?fieldManager=b'),
          await call('PUT', at, encodeJson(draft)),
        ]) {
          expectServed(answer);
        }
      }),
      { numRuns: 3 },
    );
  });
});
