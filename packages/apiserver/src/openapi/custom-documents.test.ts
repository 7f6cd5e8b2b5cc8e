import { builtinKinds, subresourceKinds } from '@coracle/api/builtin';
import { customKinds } from '@coracle/api/custom-resource/custom-kinds';
import { loadPatterns } from '@coracle/api/structural/patterns';
import type { JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { OpenApiService } from './service.ts';

type Operation = Record<string, unknown> & {
  parameters?: { name?: string; $ref?: string }[];
  requestBody?: { content: object };
  responses: Record<string, { content?: object }>;
};
type Schemas = Record<string, { properties: Record<string, Record<string, unknown>> }>;

const spec: JSONSchemaProps = {
  type: 'object',
  properties: {
    color: { type: 'string', default: 'red' },
    shade: { type: 'string', nullable: true, default: 'dark' },
    port: { 'x-kubernetes-int-or-string': true, default: 3 },
    share: { 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }] },
    rest: { type: 'object', additionalProperties: true },
  },
};

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.harbor.example' },
  spec: {
    group: 'harbor.example',
    scope: 'Namespaced' as const,
    names: { plural: 'boats', kind: 'Boat', listKind: 'Fleet' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        subresources: { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } },
      },
    ],
  },
};

const root = '/apis/harbor.example/v1';
const boats = `${root}/namespaces/{namespace}/boats`;

describe('the documents of a custom resource', () => {
  let v3: { paths: Record<string, Record<string, Operation>>; components: { schemas: Schemas } } & Record<
    string,
    unknown
  >;
  let v2: {
    paths: Record<string, Record<string, Operation>>;
    definitions: Schemas;
    parameters: Record<string, { name: string }>;
  };
  beforeAll(async () => {
    await loadPatterns();
    const none = { closed: () => undefined, rules: () => undefined, ask: () => Promise.resolve([]) };
    const { served } = customKinds(definition, none);
    const service = new OpenApiService(() => [...builtinKinds, ...subresourceKinds, ...served], {}, 'v1.36.0');
    v3 = JSON.parse(service.document('apis/harbor.example/v1')!.body.toString()) as typeof v3;
    v2 = JSON.parse(service.v2('json').body.toString()) as typeof v2;
  });

  const names = (operation: Operation) =>
    (operation.parameters ?? []).map(({ name, $ref }) => name ?? v2.parameters[$ref!.split('/').pop()!]!.name);

  it('are about its paths alone, and name lists as the definition does', () => {
    expect(Object.keys(v3).sort()).toEqual(['components', 'info', 'openapi', 'paths']);
    expect(v3['info']).toEqual({ title: 'Kubernetes CRD Swagger', version: 'v0.1.0' });
    expect(Object.keys(v3.components)).toEqual(['schemas']);
    expect(Object.keys(v3.paths)).toEqual([
      `${root}/boats`,
      boats,
      `${boats}/{name}`,
      `${boats}/{name}/scale`,
      `${boats}/{name}/status`,
    ]);
    expect(v2.paths).not.toHaveProperty([`${root}/`]);
    expect(v3.components.schemas['example.harbor.v1.Fleet']!.properties['items']!['items']).toEqual({
      $ref: '#/components/schemas/example.harbor.v1.Boat',
    });
    for (const schemas of [v3.components.schemas, v2.definitions])
      expect(Object.keys(schemas).filter((name) => name.includes('harbor'))).toEqual([
        'example.harbor.v1.Boat',
        'example.harbor.v1.Fleet',
      ]);
  });

  it('say JSON and YAML of all that is sent and answered', () => {
    const types = ['application/json', 'application/yaml'];
    const { get, post, delete: emptied } = v3.paths[boats]!;
    expect(Object.keys(get!.responses['200']!.content!)).toEqual(types);
    expect(Object.keys(post!.requestBody!.content)).toEqual(types);
    expect(emptied).not.toHaveProperty('requestBody');
    expect(names(emptied!)).toEqual(names(get!));
    expect(v2.paths[boats]).toMatchObject({
      get: { consumes: types, produces: types },
      post: { consumes: types },
      delete: { consumes: types },
    });
    expect(v2.paths[`${boats}/{name}`]).toMatchObject({
      get: { consumes: types },
      delete: { consumes: types },
      patch: {
        consumes: ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'],
      },
    });
  });

  it('read an object at a resourceVersion, patch what is there, and call its scale its own', () => {
    for (const { paths } of [v3, v2])
      for (const part of ['', '/status', '/scale']) {
        const { get, patch } = paths[`${boats}/{name}${part}`]!;
        expect(names(get!)).toEqual(['resourceVersion']);
        expect(Object.keys(patch!.responses)).toEqual(['200', '401']);
        expect(get!['x-kubernetes-group-version-kind']).toEqual({
          group: 'harbor.example',
          version: 'v1',
          kind: 'Boat',
        });
      }
  });

  it('have defaults and free values in 2.0, and both forms of an integer or a text in 3.0', () => {
    expect(v2.definitions['example.harbor.v1.Boat']!.properties['spec']!['properties']).toEqual({
      color: { type: 'string', default: 'red' },
      shade: { default: 'dark' },
      port: { 'x-kubernetes-int-or-string': true, default: 3 },
      share: { 'x-kubernetes-int-or-string': true },
      rest: { type: 'object', additionalProperties: true },
    });
    const forms = [{ type: 'integer' }, { type: 'string' }];
    expect(v3.components.schemas['example.harbor.v1.Boat']!.properties['spec']!['properties']).toMatchObject({
      port: { 'x-kubernetes-int-or-string': true, anyOf: forms },
      share: spec.properties!['share']!,
    });
  });
});
