import { beforeAll, describe, expect, it } from '@jest/globals';
import { condition, define, definitionOf, versionOf } from '../testing/definitions.ts';
import { eventually } from '../testing/expectations.ts';
import { callsToOwnServer } from '../testing/own-server.ts';
import { definitions, group, merge, widgetDefinition, widgetSpec } from '../testing/widgets.ts';

const warned: string[] = [];
const call = callsToOwnServer({
  log: {
    error: (details, message) => console.error(message, details),
    warn: (_details, message) => warned.push(message),
  },
});
beforeAll(() => define(call, widgetDefinition));

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

  it('shows a deprecation warning that cannot be printed as JSON', async () => {
    const deprecated = (deprecationWarning: string) =>
      call(
        'POST',
        `${definitions}?dryRun=All`,
        definitionOf('Odd', [versionOf({}, { deprecated: true, deprecationWarning })]),
      );
    const at =
      'CustomResourceDefinition.apiextensions.k8s.io "odds.example.com" is invalid: spec.versions[0].deprecationWarning';
    const problem = 'must only contain printable UTF-8 characters; non-printable character found at index 1';
    for (const [text, shown] of [
      ['a\u0007b', 'a\\u0007b'],
      ['<\u00ad>', '\\u003c\u00ad\\u003e'],
      ['a\u2028b', 'a\\u2028b'],
      ['a\ue000b', 'a\ue000b'],
    ] as const) {
      expect((await call('POST', `${definitions}?dryRun=All`, definitionOf('Odd', [versionOf({})]))).status).toBe(201);
      expect((await deprecated(text)).body.message).toBe(`${at}: Invalid value: "${shown}": ${problem}`);
    }
  });

  it('is told of a version without a name once, though that is what is stored', async () => {
    const { name: _, ...nameless } = versionOf({});
    const { body } = await call('POST', definitions, definitionOf('Odd', [nameless as ReturnType<typeof versionOf>]));
    expect(body.details.causes.map((each: { field: string }) => each.field)).toEqual(['spec.versions[0].name']);
  });

  it('may have any default where there is an integer or a text, but for what else is said of it', async () => {
    const withDefault = (value: unknown, more: object = {}) =>
      call(
        'POST',
        `${definitions}?dryRun=All`,
        definitionOf('Odd', [versionOf({ a: { 'x-kubernetes-int-or-string': true, default: value, ...more } })]),
      );
    for (const value of [1.5, true, {}, [], 'x', 3])
      expect([value, (await withDefault(value)).status]).toEqual([value, 201]);
    const patterned = await withDefault('x', { pattern: '^y' });
    expect(patterned.status).toBe(422);
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
    expect(schema.properties.spec.properties.size).toEqual(widgetSpec.properties!['size']);
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

  it('is not established with a conversion webhook whose authorities are none', async () => {
    const webhook = {
      clientConfig: { url: 'https://a.example', caBundle: Buffer.from('x').toString('base64') },
      conversionReviewVersions: ['v1'],
    };
    const name = 'strays.example.com';
    const stray = definitionOf('Stray', [versionOf({})], { conversion: { strategy: 'Webhook', webhook } });
    await call('POST', definitions, stray);
    await eventually(async () => (await condition(call, name, 'Established'))?.reason === 'InvalidCABundle');
    expect(await condition(call, name, 'Established')).toMatchObject({
      status: 'False',
      message: 'The conversion webhook CABundle is invalid',
    });
    expect((await call('GET', `${group}/strays`)).status).toBe(404);
    const none = [{ op: 'remove', path: '/spec/conversion/webhook/clientConfig/caBundle' }];
    await call('PATCH', `${definitions}/${name}`, none, { 'content-type': 'application/json-patch+json' });
    await eventually(async () => (await condition(call, name, 'Established'))?.status === 'True');
    await call('DELETE', `${definitions}/${name}`);
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

  it('keeps the versions it was stored in until its status forgets them', async () => {
    const name = 'leafs.stored.example.com';
    const [v1, v2] = [versionOf({}), versionOf({}, { name: 'v2', storage: false })];
    const group = 'stored.example.com';
    await define(call, definitionOf('Leaf', [v1, v2], { group }));
    await call(
      'PATCH',
      `${definitions}/${name}/status`,
      { status: { storedVersions: ['v2', 'v2', 'v9', 'v9'] } },
      merge,
    );
    const refused = await call('PATCH', `${definitions}/${name}`, { metadata: { labels: { a: 'b' } } }, merge);
    const problem =
      'Invalid value: "v9": missing from spec.versions; v9 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v9 and removes v9 from status.storedVersions';
    expect(refused).toMatchObject({
      status: 422,
      body: { details: { causes: [{ field: 'status.storedVersions[3]', message: problem }] } },
    });
    expect(refused.body.details.causes).toHaveLength(1);
    await call('PATCH', `${definitions}/${name}/status`, { status: { storedVersions: ['v2'] } }, merge);
    const labelled = await call('PATCH', `${definitions}/${name}`, { metadata: { labels: { a: 'b' } } }, merge);
    expect(labelled.body.status.storedVersions).toEqual(['v2', 'v1']);
    await call('DELETE', `${definitions}/${name}`);
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
      status: 403,
      body: {
        reason: 'Forbidden',
        message:
          'leafs.gone.example.com "c" is forbidden: create not allowed while custom resource definition is terminating',
      },
    });
    // What is served is made anew meanwhile.
    await call('PATCH', `${definitions}/leafs.gone.example.com`, { spec: { names: { shortNames: ['lf'] } } }, merge);
    await eventually(
      async () => (await call('GET', '/apis/gone.example.com/v1')).body.resources[0].shortNames?.[0] === 'lf',
    );
    await call('PATCH', `${leaves}/b`, { metadata: { finalizers: null } }, merge);
    await eventually(async () => (await call('GET', `${definitions}/leafs.gone.example.com`)).status === 404);
    await eventually(async () => (await call('GET', leaves)).status === 404);
  });

  it('is marked by the first DELETE; a second one finds nothing left to clean up', async () => {
    const name = 'leafs.held.example.com';
    await define(call, definitionOf('Leaf', [versionOf({})], { group: 'held.example.com' }));
    await call('PATCH', `${definitions}/${name}`, { metadata: { finalizers: ['example.com/hold'] } }, merge);
    const { body: held } = await call('GET', `${definitions}/${name}`);
    expect(await call('DELETE', `${definitions}/${name}`, { preconditions: { uid: 'another' } })).toMatchObject({
      status: 409,
      body: {
        message: `Operation cannot be fulfilled on customresourcedefinitions.apiextensions.k8s.io "${name}": Precondition failed: UID in precondition: another, UID in object meta: ${held.metadata.uid}`,
        details: { kind: 'customresourcedefinitions' },
      },
    });
    const marked = await call('DELETE', `${definitions}/${name}?propagationPolicy=Orphan`);
    expect(marked.body.metadata.finalizers).toEqual(['example.com/hold', 'customresourcecleanup.apiextensions.k8s.io']);
    await eventually(async () => (await condition(call, name, 'Terminating'))?.status === 'False');
    const again = await call('DELETE', `${definitions}/${name}`);
    expect(again.body.metadata).toMatchObject({ finalizers: ['example.com/hold'], deletionGracePeriodSeconds: 0 });
    expect(await condition(call, name, 'Terminating')).toMatchObject({ reason: 'InstanceDeletionCompleted' });
    await call('PATCH', `${definitions}/${name}`, { metadata: { finalizers: null } }, merge);
    await eventually(async () => (await call('GET', `${definitions}/${name}`)).status === 404);
  });
});
