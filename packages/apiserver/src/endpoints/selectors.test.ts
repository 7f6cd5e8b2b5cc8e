import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Call, callsTo, openWatch } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

/*
 * Selectors as clients send them: what a valid one selects is what its parts say one by one, and no text is trouble.
 */

let server: TestServer;
let call: Call;
const path = '/api/v1/namespaces/default/secrets';

interface Labelled {
  readonly name: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
}

const keys = ['a', 'in', 'notin', 'x.y/z_1', 'n'];
const values = ['', 'a', 'b', 'in', '7', '10', 'A_b.c-d'];
const objects: readonly Labelled[] = Array.from({ length: 24 }, (_, i) => ({
  name: `s${i}`,
  type: ['Opaque', 'example.com/a', 'example.com/b=c,d\\e'][i % 3]!,
  labels: Object.fromEntries(
    keys.flatMap((key, k) => ((i >> (k % 4)) & 1 ? [[key, values[(i * (k + 1)) % values.length]!]] : [])),
  ),
}));

beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
  for (const { name, type, labels } of objects) {
    expect((await call('POST', path, { metadata: { name, labels }, type })).status).toBe(201);
  }
});
afterAll(() => server.close());

/** A requirement as text, and what it says of an object. */
interface Term {
  readonly text: string;
  readonly holds: (object: Labelled) => boolean;
}

const key = fc.constantFrom(...keys);
const value = fc.constantFrom(...values);
/** One of three or more that ends in two empty values is not read: upstream's parser takes their commas together. */
const valueList = fc
  .array(value, { minLength: 1, maxLength: 3 })
  .filter((list) => list.length < 3 || list.slice(-2).join('') !== '');
const has = ({ labels }: Labelled, name: string) => Object.hasOwn(labels, name);
const labelTerm: fc.Arbitrary<Term> = fc.oneof(
  fc.tuple(key, fc.constantFrom('=', '==', ' = '), value).map(([name, operator, wanted]) => ({
    text: name + operator + wanted,
    holds: (it: Labelled) => has(it, name) && it.labels[name] === wanted,
  })),
  fc.tuple(key, value).map(([name, other]) => ({
    text: `${name}!=${other}`,
    holds: (it: Labelled) => !has(it, name) || it.labels[name] !== other,
  })),
  fc.tuple(key, valueList).map(([name, wanted]) => ({
    text: `${name} in (${wanted.join(', ')})`,
    holds: (it: Labelled) => has(it, name) && wanted.includes(it.labels[name]!),
  })),
  fc.tuple(key, valueList).map(([name, others]) => ({
    text: `${name} notin (${others.join(',')})`,
    holds: (it: Labelled) => !has(it, name) || !others.includes(it.labels[name]!),
  })),
  key.map((name) => ({ text: name, holds: (it: Labelled) => has(it, name) })),
  key.map((name) => ({ text: `!${name}`, holds: (it: Labelled) => !has(it, name) })),
  fc.tuple(key, fc.constantFrom('<', '>'), fc.nat(12)).map(([name, operator, bound]) => ({
    text: `${name}${operator}${bound}`,
    holds: (it: Labelled) =>
      has(it, name) &&
      /^\d+$/.test(it.labels[name]!) &&
      (operator === '<' ? Number(it.labels[name]) < bound : Number(it.labels[name]) > bound),
  })),
);

const escaped = (text: string) => text.replace(/[\\,=]/g, '\\$&');
const fieldTerm: fc.Arbitrary<Term> = fc
  .tuple(
    fc.constantFrom('metadata.name', 'metadata.namespace', 'type'),
    fc.constantFrom('=', '==', '!='),
    fc.constantFrom('', 's1', 's7', 'default', 'other', ...objects.slice(0, 3).map(({ type }) => type)),
  )
  .map(([field, operator, wanted]) => ({
    text: field + operator + escaped(wanted),
    holds: (it: Labelled) => {
      const found = field === 'type' ? it.type : field === 'metadata.name' ? it.name : 'default';
      return (found === wanted) === (operator !== '!=');
    },
  }));

const both = fc.record({
  labels: fc.array(labelTerm, { maxLength: 3 }),
  fields: fc.array(fieldTerm, { maxLength: 2 }),
});
const textOf = (terms: readonly Term[]) => encodeURIComponent(terms.map(({ text }) => text).join(','));
const sorted = (names: Iterable<string>) => [...names].sort();

describe('selectors', () => {
  it('select what their parts say, in lists, in watches and for deletion', async () => {
    await fc.assert(
      fc.asyncProperty(both, async ({ labels, fields }) => {
        const expected = sorted(
          objects.filter((it) => [...labels, ...fields].every(({ holds }) => holds(it))).map(({ name }) => name),
        );
        const query = `labelSelector=${textOf(labels)}&fieldSelector=${textOf(fields)}`;
        const namesOf = (body: { items: { metadata: { name: string } }[] }) =>
          sorted(body.items.map(({ metadata }) => metadata.name));
        const listed = await call('GET', `${path}?${query}`);
        expect([query, listed.status, namesOf(listed.body)]).toEqual([query, 200, expected]);
        const deleted = await call('DELETE', `${path}?dryRun=All&${query}`);
        expect([query, deleted.status, namesOf(deleted.body)]).toEqual([query, 200, expected]);
        const watch = await openWatch(
          server.url,
          `${path}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&${query}`,
        );
        const seen: string[] = [];
        for (let event = await watch.next(); event?.type === 'ADDED'; event = await watch.next()) {
          seen.push(event.object.metadata.name);
        }
        watch.close();
        expect([query, sorted(seen)]).toEqual([query, expected]);
      }),
      { numRuns: 60 },
    );
  });

  it('are refused or obeyed, whatever they say', async () => {
    const part = fc.oneof(
      key,
      value,
      fc.constantFrom(
        '=',
        '==',
        '!=',
        '!',
        '<',
        '>',
        ',',
        '(',
        ')',
        ' ',
        'in',
        'notin',
        '\\',
        '\\,',
        '\u0000',
        '☃',
        '%',
        '/',
        '-1',
      ),
      fc.constantFrom('metadata.name', 'spec.nodeName', '9'.repeat(30), 'x'.repeat(300)),
      fc.string({ maxLength: 3 }),
    );
    const texts = fc.array(part, { maxLength: 8 }).map((parts) => encodeURIComponent(parts.join('')));
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom('labelSelector', 'fieldSelector'), async (text, which) => {
        const query = `${which}=${text}`;
        const { status } = await call('GET', `${path}?${query}`);
        expect([query, status === 200 || status === 400]).toEqual([query, true]);
        expect([query, (await call('DELETE', `${path}?dryRun=All&${query}`)).status]).toEqual([query, status]);
        const watch = await openWatch(server.url, `${path}?watch=true&${query}`);
        expect([query, watch.status]).toEqual([query, status]);
        watch.close();
      }),
      { numRuns: 150 },
    );
  });
});
