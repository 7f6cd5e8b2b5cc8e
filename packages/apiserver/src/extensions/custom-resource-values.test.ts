import { beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { callsToOwnServer } from '../testing/own-server.ts';
import { definitions, group, merge, widget, widgetDefinition, widgets } from '../testing/widgets.ts';

const call = callsToOwnServer();
beforeAll(() => define(call, widgetDefinition));

describe('custom resources', () => {
  it('are pruned and defaulted, and keep what is preserved', async () => {
    const sent = widget('a', {
      color: 'red',
      bogus: 1,
      note: null,
      level: '80%',
      raw: { any: { thing: [1] } },
      template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', odd: 1 }, other: true },
    });
    const { status, body, headers } = await call('POST', widgets, sent);
    expect(status).toBe(201);
    expect(body.spec).toEqual({
      size: 3,
      color: 'red',
      note: null,
      level: '80%',
      raw: { any: { thing: [1] } },
      template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, other: true },
    });
    expect(body.metadata.generation).toBe(1);
    expect(headers.get('warning')).toBe(
      '299 - "unknown field \\"spec.bogus\\"", 299 - "unknown field \\"spec.template.metadata.odd\\""',
    );
    expect((await call('GET', `${widgets}/a`)).body).toEqual(body);
  });

  it('are refused with unknown fields under strict validation', async () => {
    const { status, body } = await call('POST', `${widgets}?fieldValidation=Strict`, widget('strict', { bogus: 1 }));
    expect(status).toBe(400);
    expect(body.message).toBe(
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.bogus"',
    );
  });

  it.each([
    [{ note: 1 }, 'spec.note: Invalid value: "integer": spec.note in body must be of type string: "integer"'],
    [
      { size: 'x' },
      '[spec.size: Invalid value: "string": spec.size in body must be of type integer: "string", .spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected int64]',
    ],
    [{ size: 0 }, 'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1'],
    [{ color: 'green' }, 'spec.color: Unsupported value: "green": supported values: "red", "blue"'],
    [{ ports: [{ name: 'x' }] }, 'spec.ports[0].port: Required value'],
    [{ ports: [{ port: 1 }, { port: 1 }] }, 'spec.ports[1]: Duplicate value: {"port":1}'],
    [
      { level: true },
      'spec.level: Invalid value: "boolean": spec.level in body must be of type integer,string: "boolean"',
    ],
  ])('are validated: %j', async (spec, message) => {
    const { status, body } = await call('POST', widgets, widget('bad', spec));
    expect(status).toBe(422);
    expect(body.message).toBe(`Widget.example.com "bad" is invalid: ${message}`);
  });

  it('are held to CEL rules, transitions among them', async () => {
    const rule = (text: string, message: string) => ({ rule: text, message });
    const ruled = (rules: object[]) =>
      definitionOf(
        'Ruled',
        [
          versionOf({
            spec: {
              type: 'object',
              properties: { min: { type: 'integer' }, max: { type: 'integer' } },
              'x-kubernetes-validations': rules as never,
            },
          }),
        ],
        { names: { plural: 'ruleds', kind: 'Ruled' } },
      );
    const wrong = await call('POST', definitions, ruled([rule('self.mni < 1', 'x')]));
    expect(wrong.status).toBe(422);
    expect(wrong.body.details.causes[0].field).toBe(
      'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule',
    );
    const labelled = ruled([rule('self.mni < 1', 'x')]);
    labelled.metadata.labels = { a: '!' };
    expect((await call('POST', definitions, labelled)).body.details.causes).toMatchObject([
      { field: 'metadata.labels' },
      { field: 'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule' },
    ]);
    await define(
      call,
      ruled([rule('self.min <= self.max', 'min above max'), rule('self.max >= oldSelf.max', 'max shrinks')]),
    );
    const path = `${group}/namespaces/default/ruleds`;
    const ofRuled = { apiVersion: 'example.com/v1', kind: 'Ruled' };
    const made = await call('POST', path, { ...ofRuled, metadata: { name: 'a' }, spec: { min: 2, max: 1 } });
    expect(made).toMatchObject({
      status: 422,
      body: { message: 'Ruled.example.com "a" is invalid: spec: Invalid value: min above max' },
    });
    const untyped = await call('POST', path, { ...ofRuled, metadata: { name: 'a' }, spec: { min: 'x' } });
    expect(untyped.body.details.causes[1]).toEqual({
      reason: 'FieldValueInvalid',
      message:
        'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      field: '<nil>',
    });
    await call('POST', path, { ...ofRuled, metadata: { name: 'a' }, spec: { min: 1, max: 5 } });
    // What a new rule refuses may stay as it is; whoever writes the object is told.
    await define(call, ruled([rule('self.min > 1', 'min too small'), rule('self.max >= oldSelf.max', 'max shrinks')]));
    const kept = await call('PATCH', `${path}/a`, { metadata: { labels: { x: 'y' } } }, merge);
    expect(kept.status).toBe(200);
    expect(kept.headers.get('warning')).toBe('299 - "spec: Invalid value: min too small"');
    const moved = await call('PATCH', `${path}/a`, { spec: { max: 6 } }, merge);
    expect(moved.body.message).toBe('Ruled.example.com "a" is invalid: spec: Invalid value: min too small');
    const shrunk = await call('PATCH', `${path}/a`, { spec: { max: 4 } }, merge);
    expect(shrunk.body.details.causes[1].message).toMatch(/max shrinks$/);
  });

  it('are said to be nowhere where a rule about the whole object does not hold', async () => {
    const whole = versionOf({ spec: { type: 'object', properties: { a: { type: 'string' } } } });
    Object.assign(whole.schema!.openAPIV3Schema!, {
      'x-kubernetes-validations': [{ rule: 'has(self.spec)', message: 'no spec' }],
    });
    await define(call, definitionOf('Whole', [whole]));
    const sent = { apiVersion: 'example.com/v1', kind: 'Whole', metadata: { name: 'a' } };
    const { body } = await call('POST', `${group}/namespaces/default/wholes`, sent);
    expect(body.message).toBe('Whole.example.com "a" is invalid: <nil>: Invalid value: no spec');
    expect(body.details.causes[0].field).toBe('<nil>');
  });

  it('have unknown fields named in the order of their paths, and what is said twice besides', async () => {
    const text =
      '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"odd","z":1},"zz":1,"spec":{"b":1,"a":1,"a":2}}';
    const { body } = await call('POST', `${widgets}?fieldValidation=Strict`, text);
    expect(body.message).toBe(
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: duplicate field "spec.a", unknown field "metadata.z", unknown field "spec.a", unknown field "spec.b", unknown field "zz"',
    );
    const typed = await call('POST', widgets, { ...(widget('odd') as object), metadata: { name: 3 } });
    expect(typed.body.message).toBe(
      'Widget in version "v1" cannot be handled as a Widget: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
    );
  });

  it('whose metadata is wrong are not held to rules', async () => {
    const { body } = await call('POST', `${group}/namespaces/default/ruleds`, {
      apiVersion: 'example.com/v1',
      kind: 'Ruled',
      metadata: {},
      spec: { min: 2, max: 1 },
    });
    expect(body.details.causes.map(({ field }: { field: string }) => field)).toEqual(['metadata.name', '<nil>']);
  });

  it('hold resources that are whole, but for their names', async () => {
    const messages = async (template: object) => {
      const { body } = await call('POST', widgets, widget('holder', { template }));
      return body.details.causes.map((it: { field: string; message: string }) => `${it.field}: ${it.message}`);
    };
    expect(await messages({ metadata: { name: 'a/b' } })).toEqual([
      'spec.template.apiVersion: Required value',
      'spec.template.kind: Required value',
      'spec.template.metadata.name: Invalid value: "a/b": may not contain \'/\'',
    ]);
    expect(await messages({ apiVersion: '', kind: 'Pod', metadata: { namespace: 'A' } })).toEqual([
      'spec.template.apiVersion: Invalid value: "": must not be empty',
      expect.stringContaining('spec.template.metadata.namespace: Invalid value: "A": a lowercase RFC 1123 label'),
    ]);
    const unreadable = async (template: object) =>
      (await call('POST', widgets, widget('holder', { template }))).body.message.replace(
        /.*cannot be handled as a Widget: /,
        '',
      );
    expect(await unreadable({ kind: 2 })).toBe('spec.template.kind: Invalid value: 2: must be a string');
    expect(await unreadable({ metadata: { name: 'x', labels: { a: 3 } } })).toBe(
      'spec.template.metadata: Invalid value: {"labels":{"a":3},"name":"x"}: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
    );
  });

  it('warn of finalizers that others may have too', async () => {
    const made = await call('POST', widgets, {
      ...widget('held'),
      metadata: { name: 'held', finalizers: ['mine', 'example.com/mine', 'orphan'] },
    });
    expect(made.headers.get('warning')).toBe(
      '299 - "metadata.finalizers: \\"mine\\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"',
    );
    const changed = await call('PATCH', `${widgets}/held`, { spec: { size: 2 } }, merge);
    expect([changed.status, changed.headers.get('warning')]).toEqual([200, null]);
    await call('PATCH', `${widgets}/held`, { metadata: { finalizers: null } }, merge);
  });
});
