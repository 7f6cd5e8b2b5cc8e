import { builtinKinds, subresourceKinds } from '@coracle/api/builtin';
import { describe, expect, it } from '@jest/globals';
import { podEviction } from '../registry/pods/eviction.ts';
import { ownWords } from './own-words.ts';
import { OpenApiService } from './service.ts';

const subresources = { 'pods/eviction': podEviction };
const service = new OpenApiService(() => [...builtinKinds, ...subresourceKinds], subresources, 'v1.36.0');
type Doc = {
  paths: Record<string, Record<string, Record<string, unknown>>>;
  components: { schemas: Record<string, Record<string, unknown>> };
};
const document = (root: string) => JSON.parse(service.document(root)!.body.toString()) as Doc;

describe('OpenAPI v3', () => {
  it('has one document a group-version, named by its hash', () => {
    const { paths } = service.index();
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['api/v1', 'apis/apps/v1', 'apis/rbac.authorization.k8s.io/v1']),
    );
    expect(paths['api/v1']!.serverRelativeURL).toBe(`/openapi/v3/api/v1?hash=${service.document('api/v1')!.hash}`);
    expect(service.document('apis/nothing/v1')).toBeUndefined();
  });

  it('says which patches are taken, and that they can be validated', () => {
    const patch = document('apis/apps/v1').paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']!['patch']!;
    expect(patch['x-kubernetes-group-version-kind']).toEqual({ group: 'apps', version: 'v1', kind: 'Deployment' });
    expect((patch['parameters'] as { name: string }[]).map((each) => each.name)).toContain('fieldValidation');
  });

  it('refers only to schemas it has', () => {
    for (const root of Object.keys(service.index().paths)) {
      const text = service.document(root)!.body.toString();
      const { schemas } = document(root).components;
      for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
        expect(schemas).toHaveProperty([name!]);
    }
  });

  it('carries list keys and merge keys', () => {
    const { schemas } = document('api/v1').components;
    expect(schemas['io.k8s.api.core.v1.PodSpec']).toMatchObject({
      properties: {
        containers: {
          type: 'array',
          'x-kubernetes-list-map-keys': ['name'],
          'x-kubernetes-patch-merge-key': 'name',
          'x-kubernetes-patch-strategy': 'merge',
        },
      },
      required: ['containers'],
    });
    expect(schemas['io.k8s.api.core.v1.PodList']).toMatchObject({
      'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'PodList' }],
    });
  });

  it('says what a field is where nobody says it: zeros of what is always written, too', () => {
    const { schemas } = document('api/v1').components;
    const of = (type: string, field: string) =>
      (schemas[`io.k8s.api.core.v1.${type}`] as { properties: Record<string, object> }).properties[field];
    expect(of('Container', 'name')).toMatchObject({ type: 'string', default: '' });
    expect(of('Container', 'image')).not.toHaveProperty('default');
    expect(of('Container', 'args')).toMatchObject({ items: { type: 'string', default: '' } });
    expect(of('ContainerPort', 'containerPort')).toMatchObject({ default: 0 });
    expect(of('ContainerPort', 'protocol')).toMatchObject({ default: 'TCP' });
    expect(of('ContainerStatus', 'ready')).toMatchObject({ default: false });
    expect(of('ConfigMap', 'data')).toMatchObject({ additionalProperties: { type: 'string', default: '' } });
    expect(of('Secret', 'data')).toMatchObject({ additionalProperties: { type: 'string', format: 'byte' } });
    expect(of('Container', 'resources')).toMatchObject({ default: {} });
    const quantity = { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity' };
    expect(of('ResourceRequirements', 'limits')).toMatchObject({ additionalProperties: quantity });
  });

  it('has kinds of all groups as those of the document and of the core', () => {
    const identities = (root: string, kind: string) =>
      document(root).components.schemas[`io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`]![
        'x-kubernetes-group-version-kind'
      ];
    expect(identities('api/v1', 'DeleteOptions')).toEqual([{ group: '', kind: 'DeleteOptions', version: 'v1' }]);
    expect(identities('apis/apps/v1', 'WatchEvent')).toEqual([
      { group: '', kind: 'WatchEvent', version: 'v1' },
      { group: 'apps', kind: 'WatchEvent', version: 'v1' },
    ]);
    expect(identities('apis', 'APIGroupList')).toEqual([{ group: '', kind: 'APIGroupList', version: 'v1' }]);
    const { definitions } = JSON.parse(service.v2('json').body.toString()) as {
      definitions: Record<string, Record<string, { group: string; version: string }[]>>;
    };
    const whole =
      definitions['io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions']!['x-kubernetes-group-version-kind']!;
    expect(whole).toHaveLength(60);
    expect(whole.slice(1, 3)).toEqual([
      { group: 'admission.k8s.io', kind: 'DeleteOptions', version: 'v1' },
      { group: 'admission.k8s.io', kind: 'DeleteOptions', version: 'v1beta1' },
    ]);
  });

  it('says what is written, required or chosen by another field, whatever may be left out', () => {
    const { schemas } = document('apis/apps/v1').components;
    const { schemas: ofFlows } = document('apis/flowcontrol.apiserver.k8s.io/v1').components;
    expect(schemas['io.k8s.api.apps.v1.StatefulSetStatus']).toMatchObject({
      properties: { availableReplicas: { default: 0 } },
    });
    expect(schemas['io.k8s.api.core.v1.ContainerRestartRule']).toMatchObject({ required: ['action'] });
    expect(schemas['io.k8s.api.core.v1.AzureDiskVolumeSource']).toMatchObject({
      properties: { kind: { default: 'Shared' }, cachingMode: { default: 'ReadWrite' } },
    });
    expect(ofFlows['io.k8s.api.flowcontrol.v1.LimitResponse']).toMatchObject({
      'x-kubernetes-unions': [{ discriminator: 'type', 'fields-to-discriminateBy': { queuing: 'Queuing' } }],
    });
  });

  it('says of values of a map, and of fields of inlined structs, which texts they are one of', () => {
    const { schemas } = document('api/v1').components;
    expect(schemas['io.k8s.api.core.v1.EphemeralContainer']).toMatchObject({
      properties: { imagePullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] } },
    });
    expect(schemas['io.k8s.api.core.v1.PersistentVolumeClaimStatus']).toMatchObject({
      properties: {
        allocatedResourceStatuses: {
          additionalProperties: { enum: expect.arrayContaining(['NodeResizePending']) as unknown },
        },
      },
    });
  });

  it('says which texts a field is one of', () => {
    const { schemas } = document('api/v1').components;
    const field = (type: string, name: string) =>
      (schemas[`io.k8s.api.core.v1.${type}`] as { properties: Record<string, object> }).properties[name];
    expect(field('ServiceSpec', 'type')).toMatchObject({
      type: 'string',
      enum: ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'],
    });
    expect(field('ContainerPort', 'protocol')).toMatchObject({ default: 'TCP', enum: ['SCTP', 'TCP', 'UDP'] });
    expect(field('PersistentVolumeClaimSpec', 'accessModes')).toMatchObject({
      items: { enum: ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'] },
    });
    expect(field('Container', 'image')).not.toHaveProperty('enum');
  });

  it('says of a type that it is one thing, and of a field where it is otherwise', () => {
    const { schemas } = document('api/v1').components;
    const mapType = 'x-kubernetes-map-type';
    const field = (type: string, name: string) =>
      (schemas[`io.k8s.api.core.v1.${type}`] as { properties: Record<string, object> }).properties[name];
    expect(schemas['io.k8s.api.core.v1.ObjectReference']).toMatchObject({ [mapType]: 'atomic' });
    expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference']).toMatchObject({ [mapType]: 'atomic' });
    expect(field('EnvVarSource', 'secretKeyRef')).not.toHaveProperty([mapType]);
    expect(field('PersistentVolumeSpec', 'claimRef')).toMatchObject({ [mapType]: 'granular' });
    expect(field('ServiceSpec', 'selector')).toMatchObject({ [mapType]: 'atomic' });
  });

  it('names what may be of any form', () => {
    const { schemas } = document('apis/apiextensions.k8s.io/v1').components;
    const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.';
    const to = (name: string) => ({ $ref: `#/components/schemas/${name}` });
    expect(schemas[`${extensions}JSONSchemaProps`]).toMatchObject({
      properties: {
        default: to(`${extensions}JSON`),
        enum: { items: to(`${extensions}JSON`) },
        items: to(`${extensions}JSONSchemaPropsOrArray`),
        additionalProperties: to(`${extensions}JSONSchemaPropsOrBool`),
        dependencies: { additionalProperties: to(`${extensions}JSONSchemaPropsOrStringArray`) },
      },
    });
    expect(schemas[`${extensions}JSON`]).not.toHaveProperty('type');
    expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry']).toMatchObject({
      properties: { fieldsV1: to('io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1') },
    });
  });

  it('names the kinds that are no resources', () => {
    const { schemas } = document('api/v1').components;
    const kinds = 'x-kubernetes-group-version-kind';
    expect(schemas['io.k8s.api.policy.v1.Eviction']).toMatchObject({
      [kinds]: [{ group: 'policy', version: 'v1', kind: 'Eviction' }],
    });
    for (const kind of ['Status', 'APIResourceList']) {
      expect(schemas[`io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`]).toMatchObject({
        [kinds]: [{ group: '', version: 'v1', kind }],
      });
    }
  });

  it('describes every kind in our own words, and most fields in those of the installed client', async () => {
    const described = new OpenApiService(() => [...builtinKinds, ...subresourceKinds], {}, 'v1.36.0');
    const bare = JSON.parse(described.document('api/v1')!.body.toString()) as Doc;
    await described.describe();
    const full = JSON.parse(described.document('api/v1')!.body.toString()) as Doc;
    type Described = { description?: string; properties: Record<string, { description?: string }> };
    const podSpec = (doc: Doc) => doc.components.schemas['io.k8s.api.core.v1.PodSpec'] as unknown as Described;
    // Ours stays; what we have no words for is filled in.
    expect(podSpec(bare).properties['containers']!.description).toMatch(/^The containers of the pod, at least one\./);
    expect(podSpec(full).properties['containers']).toEqual(podSpec(bare).properties['containers']);
    expect(podSpec(bare).properties['overhead']!.description).toBeUndefined();
    expect(podSpec(full).properties['overhead']!.description).toMatch(/\S{3,}/);
    const texts = Object.values(podSpec(full).properties).map(({ description = '' }) => description);
    expect(texts.filter((text) => text === '').length).toBeLessThan(5);
    expect(texts.join()).not.toMatch(/\\["'`]|\*\/|\n/);
    for (const { type } of builtinKinds) expect([type, ownWords[type]?.['']]).toEqual([type, expect.any(String)]);
  });
});

describe('the descriptions of the installed client', () => {
  it('are read again where they could not be read', async () => {
    let readable = false;
    const readWords = async () => {
      if (!readable) throw new Error('EMFILE: too many open files');
      return () => 'described';
    };
    const described = new OpenApiService(() => builtinKinds, {}, 'v1.36.0', [], readWords);
    await expect(described.describe()).rejects.toThrow('too many open files');
    readable = true;
    await described.describe();
    expect(described.document('apis/apps/v1')!.body.toString()).toContain('"description":"described"');
  });
});
