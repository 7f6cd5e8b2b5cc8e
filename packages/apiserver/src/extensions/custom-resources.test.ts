import type { JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { condition, define, definitionOf, versionOf } from '../testing/definitions.ts';
import { eventually } from '../testing/expectations.ts';
import { type Call, callsTo, openWatch } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const group = '/apis/example.com/v1';
const widgets = `${group}/namespaces/default/widgets`;

let server: TestServer;
let call: Call;
const warned: string[] = [];

const spec: JSONSchemaProps = {
  type: 'object',
  properties: {
    size: { type: 'integer', minimum: 1, default: 3 },
    color: { type: 'string', enum: ['red', 'blue'] },
    note: { type: 'string', nullable: true },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port'],
      items: {
        type: 'object',
        required: ['port'],
        properties: { port: { type: 'integer' }, name: { type: 'string' } },
      },
    },
    raw: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    level: { 'x-kubernetes-int-or-string': true },
    template: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
  },
};
const status: JSONSchemaProps = {
  type: 'object',
  properties: { ready: { type: 'integer' }, selector: { type: 'string' }, since: { type: 'string' } },
};

beforeAll(async () => {
  const log = {
    error: (details: object, message: string) => console.error(message, details),
    warn: (_details: object, message: string) => warned.push(message),
  };
  server = await startApiServer({ log });
  call = callsTo(server.url);
  await define(
    call,
    definitionOf(
      'Widget',
      [
        versionOf(
          { spec, status },
          {
            subresources: {
              status: {},
              scale: {
                specReplicasPath: '.spec.size',
                statusReplicasPath: '.status.ready',
                labelSelectorPath: '.status.selector',
              },
            },
            additionalPrinterColumns: [
              { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
              { name: 'First', type: 'string', jsonPath: '.spec.ports[0].name', priority: 1 },
              { name: 'Since', type: 'date', jsonPath: '.status.since' },
            ],
            selectableFields: [{ jsonPath: '.spec.color' }],
          },
        ),
      ],
      { names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] } },
    ),
  );
});
afterAll(() => server.close());

const merge = { 'content-type': 'application/merge-patch+json' };
const widget = (name: string, spec: object = {}, more: object = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
  ...more,
});

describe('a definition', () => {
  it('gets its defaults, conditions, names and stored version', async () => {
    const { body } = await call('GET', `${definitions}/widgets.example.com`);
    expect(body.spec.names).toMatchObject({ singular: 'widget', listKind: 'WidgetList' });
    expect(body.spec.conversion).toEqual({ strategy: 'None' });
    expect(body.status.storedVersions).toEqual(['v1']);
    expect(body.status.acceptedNames).toEqual(body.spec.names);
    const shown = body.status.conditions.map((each: Record<string, string>) => [
      each['type'],
      each['status'],
      each['reason'],
    ]);
    expect(shown).toEqual([
      ['NamesAccepted', 'True', 'NoConflicts'],
      ['Established', 'True', 'InitialNamesAccepted'],
    ]);
  });

  it('has names and a stored version in its status, whatever is written there', async () => {
    const path = `${definitions}/widgets.example.com/status?dryRun=All`;
    const emptied = await call('PATCH', path, { status: { storedVersions: [], acceptedNames: null } }, merge);
    expect(emptied.body.status).toMatchObject({ storedVersions: ['v1'], acceptedNames: { plural: '', kind: '' } });
    const gone = await call('PATCH', path, { status: null }, merge);
    expect(gone.body.status).toEqual({ storedVersions: ['v1'], acceptedNames: { plural: '', kind: '' } });
    const unnamed = await call('PATCH', path, { status: { acceptedNames: { plural: null } } }, merge);
    expect(unnamed.body.status.acceptedNames).toMatchObject({ plural: '', kind: 'Widget' });
  });

  it('says no more of a status subresource than that there is one', async () => {
    const odd = (status: unknown) => ({
      ...definitionOf('Odd', [versionOf({})]),
      spec: { ...definitionOf('Odd', []).spec, versions: [{ ...versionOf({}), subresources: { status } }] },
    });
    const strict = await call('POST', `${definitions}?dryRun=All&fieldValidation=Strict`, odd({ x: 1 }));
    expect([strict.status, strict.body.message]).toEqual([
      400,
      'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: strict decoding error: unknown field "spec.versions[0].subresources.status.x"',
    ]);
    const warned = await call('POST', `${definitions}?dryRun=All`, odd({ x: 1 }));
    expect(warned.body.spec.versions[0].subresources).toEqual({ status: {} });
    const wrong = await call('POST', `${definitions}?dryRun=All`, odd([]));
    expect([wrong.status, wrong.body.message]).toEqual([
      400,
      'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: json: cannot unmarshal array into Go struct field CustomResourceSubresources.spec.versions.subresources.status of type v1.CustomResourceSubresourceStatus',
    ]);
  });

  it('is in discovery and OpenAPI', async () => {
    const { body } = await call('GET', group);
    expect(body.resources.map((each: { name: string }) => each.name)).toEqual([
      'widgets',
      'widgets/status',
      'widgets/scale',
    ]);
    const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
    expect(body.resources[0].verbs).toEqual(verbs);
    const groups = await call('GET', '/apis', undefined, {
      accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    });
    type Group = { metadata: { name: string } };
    const own = groups.body.items.find(({ metadata }: Group) => metadata.name === 'example.com').versions[0].resources;
    const found = own.find((each: { resource: string }) => each.resource === 'widgets');
    expect(found.verbs).toEqual(verbs);
    expect(found.subresources.map((each: { subresource: string }) => each.subresource)).toEqual(['status', 'scale']);
    expect(body.resources[0]).toMatchObject({
      kind: 'Widget',
      shortNames: ['wd'],
      categories: ['all'],
      singularName: 'widget',
    });
    const document = await call('GET', '/openapi/v3/apis/example.com/v1');
    const schema = document.body.components.schemas['com.example.v1.Widget'];
    expect(schema.properties.spec.properties.size).toEqual(spec.properties!['size']);
    expect(schema['x-kubernetes-group-version-kind']).toEqual([
      { group: 'example.com', version: 'v1', kind: 'Widget' },
    ]);
    const v2 = await call('GET', '/openapi/v2');
    expect(v2.body.definitions['com.example.v1.Widget'].properties.spec).toBeDefined();
  });

  it('is described with what every object has, as are resources embedded in it', async () => {
    const text = { type: 'string' };
    const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true };
    const properties = {
      label: text,
      first: { ...embedded, required: ['spec'], properties: { spec: { ...text, nullable: true } } },
      others: { type: 'array', items: { ...embedded, 'x-kubernetes-preserve-unknown-fields': true } },
    };
    const crate = versionOf(properties, { selectableFields: [{ jsonPath: '.label' }] });
    await define(call, definitionOf('Crate', [crate]));
    const { components } = (await call('GET', '/openapi/v3/apis/example.com/v1')).body;
    const [whole, list] = ['Crate', 'CrateList'].map((name) => components.schemas[`com.example.v1.${name}`]);
    const head = {
      apiVersion: { ...text, description: expect.stringContaining('APIVersion defines') },
      kind: { ...text, description: expect.any(String) },
      metadata: {
        description: expect.stringContaining("Standard object's metadata"),
        allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
      },
    };
    const selectable = { 'x-kubernetes-selectable-fields': [{ fieldPath: 'label' }] };
    expect(whole).toMatchObject({ ...selectable, properties: head });
    expect(list).toMatchObject({ ...selectable, properties: { kind: head.kind } });
    const { first, others } = whole.properties;
    expect(first).toMatchObject({ required: ['spec', 'kind', 'apiVersion'], properties: head });
    expect(others.items).toMatchObject({ required: ['kind', 'apiVersion'], properties: head });
    const v2 = (await call('GET', '/openapi/v2')).body.definitions['com.example.v1.Crate'].properties;
    expect(v2.first).toMatchObject({ required: ['kind', 'apiVersion'], properties: { kind: head.kind } });
    expect(v2.others.items).toEqual({
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    });
  });

  it('that takes any field is in OpenAPI v2 as an object, without a word on fields', async () => {
    const open = {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { a: { type: 'string' } },
    };
    await define(call, definitionOf('Sack', [{ ...versionOf({}), schema: { openAPIV3Schema: open } }]));
    expect((await call('GET', '/openapi/v2')).body.definitions['com.example.v1.Sack']).toEqual({
      type: 'object',
      'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Sack' }],
    });
  });

  it('waits for names that another has, and gets them when they are free', async () => {
    const rival = definitionOf('Gadget', [versionOf({})], {
      names: { plural: 'gadgets', kind: 'Gadget', shortNames: ['gd'] },
    });
    await define(call, rival);
    const late = definitionOf('Gizmo', [versionOf({})], {
      names: { plural: 'gizmos', kind: 'Gizmo', shortNames: ['gd'] },
    });
    await call('POST', definitions, late);
    await eventually(async () => (await condition(call, 'gizmos.example.com', 'NamesAccepted')) !== undefined);
    expect(await condition(call, 'gizmos.example.com', 'NamesAccepted')).toMatchObject({
      status: 'False',
      reason: 'ShortNamesConflict',
      message: '"gd" is already in use',
    });
    expect(await condition(call, 'gizmos.example.com', 'Established')).toMatchObject({
      status: 'False',
      reason: 'NotAccepted',
    });
    expect((await call('GET', `${group}/gizmos`)).status).toBe(404);
    await call('DELETE', `${definitions}/gadgets.example.com`);
    await eventually(async () => (await condition(call, 'gizmos.example.com', 'Established'))?.status === 'True');
    expect((await call('GET', `${group}/gizmos`)).status).toBe(200);
  });

  it('of what is built in changes nothing', async () => {
    const crd = definitionOf('Role', [versionOf({})], { group: 'rbac.authorization.k8s.io' });
    const name = 'roles.rbac.authorization.k8s.io';
    const refused = await call('POST', definitions, crd);
    expect(refused.body.message).toMatch(/must have approval annotation "api-approved.kubernetes.io"/);
    const annotations = { 'api-approved.kubernetes.io': 'unapproved, test' };
    await define(call, { ...crd, metadata: { name, annotations } });
    expect(await condition(call, name, 'KubernetesAPIApprovalPolicyConformant')).toMatchObject({
      status: 'False',
      reason: 'UnapprovedAnnotation',
    });
    expect(warned).toEqual(['A custom resource definition declares what is built in; its objects are not served']);
    const role = { metadata: { name: 'r' }, rules: [] };
    const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles';
    expect((await call('POST', path, role)).status).toBe(201);
    await call('DELETE', `${definitions}/${name}`);
    await eventually(async () => (await call('GET', `${definitions}/${name}`)).status === 404);
    expect((await call('GET', `${path}/r`)).status).toBe(200);
  });

  it('takes its objects with it', async () => {
    await define(call, definitionOf('Leaf', [versionOf({})], { group: 'gone.example.com' }));
    const leaves = '/apis/gone.example.com/v1/namespaces/default/leafs';
    const leaf = (name: string, finalizers: string[] = []) => ({
      apiVersion: 'gone.example.com/v1',
      kind: 'Leaf',
      metadata: { name, finalizers },
    });
    await call('POST', leaves, leaf('a'));
    await call('POST', leaves, leaf('b', ['example.com/hold']));
    const deleted = await call('DELETE', `${definitions}/leafs.gone.example.com`);
    expect(deleted.body.metadata.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io']);
    await eventually(async () => (await call('GET', `${leaves}/a`)).status === 404);
    const marked = await call('GET', `${definitions}/leafs.gone.example.com`);
    expect(marked.body.metadata).toMatchObject({ generation: 1, deletionTimestamp: expect.any(String) });
    expect(marked.body.metadata).not.toHaveProperty('deletionGracePeriodSeconds');
    expect(await condition(call, 'leafs.gone.example.com', 'Terminating')).toMatchObject({
      status: 'True',
      reason: 'InstanceDeletionInProgress',
    });
    const { body: discovered } = await call('GET', '/apis/gone.example.com/v1');
    expect(discovered.resources[0].verbs).toEqual(['delete', 'deletecollection', 'get', 'list', 'watch']);
    expect(await call('POST', leaves, leaf('c'))).toMatchObject({
      status: 405,
      body: { message: 'create not allowed while custom resource definition is terminating' },
    });
    await call(
      'PATCH',
      `${leaves}/b`,
      { metadata: { finalizers: null } },
      { 'content-type': 'application/merge-patch+json' },
    );
    await eventually(async () => (await call('GET', `${definitions}/leafs.gone.example.com`)).status === 404);
    await eventually(async () => (await call('GET', leaves)).status === 404);
  });
});

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

  it('are what their path says they are', async () => {
    const refused = async (change: object) => {
      const { status, body } = await call('POST', widgets, { ...widget('other'), ...change });
      return `${status} ${body.message}`;
    };
    expect(await refused({ kind: 'Gadget' })).toBe(
      '422 Gadget.example.com "other" is invalid: kind: Invalid value: "Gadget": must be Widget',
    );
    expect(await refused({ apiVersion: 'example.com/v7' })).toBe(
      '400 the API version in the data (example.com/v7) does not match the expected API version (example.com/v1)',
    );
  });

  it('say themselves what they are', async () => {
    const { kind: _, ...nameless } = { ...(widget('silent') as Record<string, unknown>) };
    const text = JSON.stringify(nameless);
    expect((await call('POST', widgets, nameless)).body).toMatchObject({
      code: 400,
      message: `the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in '${text}' (${text.slice(0, 30)} ...)`,
    });
    const versionless = { ...(widget('silent') as object), apiVersion: undefined };
    expect((await call('POST', widgets, versionless)).body.message).toBe(
      'the API version in the data () does not match the expected API version (example.com/v1)',
    );
    await call('POST', widgets, widget('silent'));
    const patched = await call('PATCH', `${widgets}/silent`, { kind: null }, merge);
    expect([patched.status, patched.body.message]).toEqual([
      422,
      expect.stringContaining("Object 'Kind' is missing in '{"),
    ]);
    const renamed = await call('PATCH', `${widgets}/silent`, { kind: 'Gadget' }, merge);
    expect(renamed.body.message).toBe(
      'Gadget.example.com "silent" is invalid: kind: Invalid value: "Gadget": must be Widget',
    );
    const { items, metadata } = (await call('GET', widgets)).body;
    expect(items[0]).toMatchObject({ apiVersion: 'example.com/v1', kind: 'Widget' });
    expect(metadata.continue).toBe('');
  });

  it('have only the places and subresources their definition gives them', async () => {
    await call('POST', widgets, widget('placed'));
    const answers = async (method: string, path: string, body?: object, headers?: Record<string, string>) => {
      const { status, text, body: answer } = await call(method, path, body, headers);
      return [status, answer.message ?? text.trim()];
    };
    expect(await answers('GET', `${widgets}/placed/nothing`)).toEqual([404, 'widgets.example.com "placed" not found']);
    expect(await answers('DELETE', `${widgets}/placed/status`)).toEqual([
      405,
      'delete is not supported on resources of kind "widgets.example.com"',
    ]);
    expect(await answers('POST', `${group}/widgets`, widget('nowhere'))).toEqual([404, '404 page not found']);
    expect(await answers('PUT', widgets, widget('nowhere'))).toEqual([400, 'name must be provided']);
    expect(await answers('PATCH', widgets, {}, merge)).toEqual([400, 'name must be provided']);
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

  it('scale within their schema, and to nothing without a word', async () => {
    await call('POST', widgets, widget('scaled', { size: 2 }));
    const scaled = await call('PATCH', `${widgets}/scaled/scale`, { spec: { replicas: -1 } }, merge);
    expect(scaled.body.message).toMatch(/^Widget.example.com "scaled" is invalid: \[spec.size: Invalid value: -1/);
  });

  it('whose status is written give up nothing else to who writes it', async () => {
    await call(
      'POST',
      `${widgets}?fieldManager=owner`,
      widget('stated', {}, { metadata: { name: 'stated', finalizers: ['example.com/hold'] } }),
    );
    const written = await call(
      'PATCH',
      `${widgets}/stated/status?fieldManager=writer`,
      { metadata: { finalizers: [], labels: { a: 'b' } }, status: { ready: 1 } },
      merge,
    );
    const fields = Object.fromEntries(
      written.body.metadata.managedFields.map((it: { manager: string; fieldsV1: object }) => [it.manager, it.fieldsV1]),
    );
    expect(Object.keys(fields.owner).sort()).toEqual(['f:metadata', 'f:spec']);
    expect(Object.keys(fields.writer)).toEqual(['f:status']);
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

  it('are replaced only by who says what they replace', async () => {
    const { body } = await call('POST', widgets, widget('replaced', { size: 1 }));
    for (const part of ['', '/status']) {
      const blind = await call('PUT', `${widgets}/replaced${part}`, widget('replaced', { size: 2 }));
      expect(blind.body).toMatchObject({
        code: 422,
        message:
          'widgets.example.com "replaced" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      });
    }
    expect((await call('PUT', `${widgets}/replaced`, { ...body, spec: { size: 2 } })).status).toBe(200);
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

  it('have a status and a scale of their own', async () => {
    await call('POST', widgets, widget('s', { size: 2 }, { status: { ready: 9 } }));
    expect((await call('GET', `${widgets}/s`)).body.status).toBeUndefined();
    const changed = await call(
      'PATCH',
      `${widgets}/s/status`,
      { status: { ready: 1, selector: 'a=b' }, metadata: { labels: { x: 'y' } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(changed.body.status.ready).toBe(1);
    expect(changed.body.metadata.labels).toBeUndefined();
    expect(changed.body.metadata.generation).toBe(1);
    const scale = await call('GET', `${widgets}/s/scale`);
    expect(scale.body).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 2 },
      status: { replicas: 1, selector: 'a=b' },
    });
    await call(
      'PATCH',
      `${widgets}/s/scale`,
      { spec: { replicas: 5 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect((await call('GET', `${widgets}/s`)).body).toMatchObject({ spec: { size: 5 }, metadata: { generation: 2 } });
    const wrong = await call(
      'PATCH',
      `${widgets}/s/status`,
      { status: { since: 1 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(wrong.body.details.causes).toEqual([
      {
        reason: 'FieldValueTypeInvalid',
        message: 'Invalid value: "integer": since in body must be of type string: "integer"',
        field: 'status.since',
      },
    ]);
  });

  it('begin with the status that is the default, whatever they were sent with', async () => {
    const phase = { type: 'string' };
    const status = {
      type: 'object',
      default: { phase: 'New' },
      properties: { phase, tries: { type: 'integer', default: 0 } },
    };
    const version = (more: object) => versionOf({ status }, { subresources: { status: {} }, ...more });
    await define(call, definitionOf('Begun', [version({ name: 'v1' }), version({ name: 'v2', storage: false })]));
    for (const version of ['v1', 'v2']) {
      const path = `/apis/example.com/${version}/namespaces/default/beguns`;
      const sent = {
        apiVersion: `example.com/${version}`,
        kind: 'Begun',
        metadata: { name: version },
        status: { phase: 'Old' },
      };
      const expected = { phase: 'New', tries: 0 };
      expect((await call('POST', `${path}?dryRun=All`, sent)).body.status).toEqual(expected);
      expect((await call('POST', path, sent)).body.status).toEqual(expected);
      expect((await call('GET', `${path}/${version}`)).body.status).toEqual(expected);
      const label = { metadata: { labels: { a: 'b' } } };
      const merge = { 'content-type': 'application/merge-patch+json' };
      expect((await call('PATCH', `${path}/${version}`, label, merge)).body.status).toEqual(expected);
    }
  });

  it('show their age as a date where nothing else was asked for', async () => {
    await define(call, definitionOf('Plain', [versionOf({ spec })]));
    const { body } = await call('GET', `${group}/plains`, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    expect(body.columnDefinitions[1]).toMatchObject({ name: 'Age', type: 'date' });
  });

  it('show their columns in tables', async () => {
    await call('POST', widgets, widget('t', { size: 7, ports: [{ port: 1, name: 'http' }] }));
    const { body } = await call('GET', `${widgets}/t`, undefined, {
      accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
    });
    expect(
      body.columnDefinitions.map((each: Record<string, unknown>) => [each['name'], each['type'], each['priority']]),
    ).toEqual([
      ['Name', 'string', 0],
      ['Size', 'integer', 0],
      ['First', 'string', 1],
      ['Since', 'date', 0],
    ]);
    expect(body.columnDefinitions[1].description).toBe(
      'Custom resource definition column (in JSONPath format): .spec.size',
    );
    expect(body.rows[0].cells).toEqual(['t', 7, 'http', null]);
    const shown = async (since: string) => {
      await call('PATCH', `${widgets}/t/status`, { status: { since } }, merge);
      const table = await call('GET', `${widgets}/t`, undefined, {
        accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
      });
      return table.body.rows[0].cells[3];
    };
    expect(await shown(new Date(Date.now() - 45_500_000).toISOString())).toBe('12h');
    expect(await shown('2026-01-01')).toBe('<invalid>');
    expect(await shown('')).toBe('<unknown>');
    expect(await shown('0001-01-01T00:00:00Z')).toBe('<unknown>');
  });

  it('are found by fields and watched', async () => {
    const watch = await openWatch(server.url, `${widgets}?watch=1&fieldSelector=spec.color%3Dblue&resourceVersion=0`);
    await call('POST', widgets, widget('f1', { color: 'blue' }));
    await call('POST', widgets, widget('f2', { color: 'red' }));
    await call(
      'PATCH',
      `${widgets}/f1`,
      { spec: { color: 'red' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(await watch.take(2)).toEqual(['ADDED f1', 'DELETED f1']);
    watch.close();
    const unknown = await call('GET', `${widgets}?fieldSelector=spec.size%3D1`);
    expect(unknown).toMatchObject({ status: 400 });
    expect(unknown.body.message).toMatch(/^field label not supported: spec.size$/);
  });

  it.each([
    [{ raw: 'x' }, 500, '.spec.raw: expected map, got &{x}'],
    [{ raw: [1] }, 500, '.spec.raw: expected map, got &{[1]}'],
    [{ size: true }, 500, '.spec.size: expected numeric (int or float), got bool'],
    [{ level: true }, 422, 'spec.level in body must be of type integer,string: "boolean"'],
  ])('that are applied with values of other types are refused: %j', async (spec, code, message) => {
    const sent = JSON.stringify(widget('mistyped', spec));
    const type = { 'content-type': 'application/apply-patch+yaml' };
    const { status, body } = await call('PATCH', `${widgets}/mistyped?fieldManager=a`, sent, type);
    expect([status, body.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('are applied by list keys', async () => {
    const apply = (manager: string, ports: object[], query = '') =>
      call('PATCH', `${widgets}/applied?fieldManager=${manager}${query}`, widget('applied', { ports }), {
        'content-type': 'application/apply-patch+yaml',
      });
    expect((await apply('one', [{ port: 1, name: 'a' }])).status).toBe(201);
    const both = await apply('two', [{ port: 2, name: 'b' }]);
    expect(both.body.spec.ports).toEqual([
      { port: 1, name: 'a' },
      { port: 2, name: 'b' },
    ]);
    const conflict = await apply('two', [{ port: 1, name: 'c' }]);
    expect(conflict.status).toBe(409);
    expect(conflict.body.details.causes[0].field).toBe('.spec.ports[port=1].name');
    const gone = await apply('one', []);
    expect(gone.body.spec.ports).toEqual([{ port: 2, name: 'b' }]);
  });

  it('have no protobuf and no strategic merge', async () => {
    const protobuf = 'application/vnd.kubernetes.protobuf';
    expect((await call('GET', `${widgets}/a`, undefined, { accept: protobuf })).status).toBe(406);
    const sent = await call('POST', widgets, 'k8s\0', { 'content-type': protobuf });
    expect(sent).toMatchObject({
      status: 415,
      body: {
        message:
          'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      },
    });
    const patched = await call(
      'PATCH',
      `${widgets}/a`,
      {},
      { 'content-type': 'application/strategic-merge-patch+json' },
    );
    expect(patched).toMatchObject({
      status: 415,
      body: {
        message:
          'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
      },
    });
  });
});
