import { builtinKinds, subresourceKinds } from '@coracle/api/builtin';
import { Reader } from '@coracle/api/codec/protobuf-wire';
import { describe, expect, it } from '@jest/globals';
import { OpenApiService } from './service.ts';

const service = new OpenApiService(() => [...builtinKinds, ...subresourceKinds], {}, 'v1.36.0');

interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  'x-kubernetes-group-version-kind'?: unknown;
}

/** The length-delimited fields of a message, by number. */
function fieldsOf(message: Buffer): Map<number, Buffer[]> {
  const reader = new Reader(message);
  const fields = new Map<number, Buffer[]>();
  while (!reader.done) {
    const [field] = reader.tag();
    fields.set(field, [...(fields.get(field) ?? []), reader.bytes()]);
  }
  return fields;
}

describe('OpenAPI v2', () => {
  const { definitions, paths, parameters } = JSON.parse(service.v2('json').body.toString()) as {
    definitions: Record<string, Schema>;
    paths: Record<string, Record<string, unknown>>;
    parameters: Record<string, { name: string }>;
  };

  it('defines every kind and refers only to what it defines', () => {
    expect(definitions['io.k8s.api.apps.v1.Deployment']).toMatchObject({
      type: 'object',
      properties: { spec: { $ref: '#/definitions/io.k8s.api.apps.v1.DeploymentSpec' } },
      'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
    });
    const text = JSON.stringify(definitions);
    for (const [, name] of text.matchAll(/#\/definitions\/([^"]+)/g)) expect(definitions).toHaveProperty([name!]);
    expect(text).not.toMatch(/"(oneOf|allOf)":\[|components/); // JSONSchemaProps has fields of these names
  });

  it('has the operations of v3, with bodies and media types as 2.0 says them, and parameters declared once', () => {
    const path = '/apis/apps/v1/namespaces/{namespace}/deployments/{name}';
    const { patch, get, parameters: shared } = paths[path] as Record<string, Record<string, unknown>>;
    const named = (list: unknown) =>
      (list as { $ref?: string; name?: string }[]).map(
        ({ $ref, name }) => name ?? parameters[$ref!.slice('#/parameters/'.length)]!.name,
      );
    expect(patch).toMatchObject({
      operationId: 'patchAppsV1NamespacedDeployment',
      consumes: expect.arrayContaining(['application/strategic-merge-patch+json']),
      produces: ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml'],
      schemes: ['https'],
      responses: { 200: { schema: { $ref: '#/definitions/io.k8s.api.apps.v1.Deployment' } } },
      'x-kubernetes-action': 'patch',
    });
    expect(named(patch!['parameters'])).toEqual(['body', 'dryRun', 'fieldManager', 'fieldValidation', 'force']);
    expect((patch!['parameters'] as unknown[])[0]).toEqual({
      name: 'body',
      in: 'body',
      required: true,
      schema: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Patch' },
    });
    expect(get).not.toHaveProperty('parameters');
    expect(named(shared)).toEqual(['name', 'namespace', 'pretty']);
    const text = JSON.stringify(paths);
    expect(text.match(/#\/components|requestBody/)).toBeNull();
    for (const [, name] of text.matchAll(/#\/definitions\/([^"]+)/g)) expect(definitions).toHaveProperty([name!]);
  });

  it('says the same in the encoding client-go asks for', () => {
    const document = fieldsOf(service.v2('protobuf').body);
    expect(document.get(1)!.map(String)).toEqual(['2.0']);
    const named = fieldsOf(document.get(9)![0]!).get(1)!.map(fieldsOf);
    expect(named.map((each) => String(each.get(1)![0]))).toEqual(Object.keys(definitions));
    const configMap = named.find((each) => String(each.get(1)![0]) === 'io.k8s.api.core.v1.ConfigMap')!;
    const schema = fieldsOf(configMap.get(2)![0]!);
    expect(String(fieldsOf(schema.get(22)![0]!).get(1)![0])).toBe('object');
    const properties = fieldsOf(schema.get(25)![0]!)
      .get(1)!
      .map((each) => String(fieldsOf(each).get(1)![0]));
    expect(properties).toEqual(Object.keys(definitions['io.k8s.api.core.v1.ConfigMap']!.properties!));
    const items = fieldsOf(document.get(8)![0]!).get(2)!.map(fieldsOf);
    expect(items.map((each) => String(each.get(1)![0]))).toEqual(Object.keys(paths));
    // PathItem.get, Operation.operation_id; Operation.parameters, ParametersItem.json_reference.
    const list = fieldsOf(
      fieldsOf(items.find((each) => String(each.get(1)![0]) === '/api/v1/nodes')!.get(2)![0]!).get(2)![0]!,
    );
    expect(String(list.get(5)![0])).toBe('listCoreV1Node');
    const reference = String(fieldsOf(fieldsOf(list.get(8)![0]!).get(2)![0]!).get(1)![0]);
    expect(reference).toMatch(/^#\/parameters\/allowWatchBookmarks-/);
  });
});

describe('OpenAPI v3', () => {
  it("keeps one field's default to itself", () => {
    const { components } = JSON.parse(service.document('api/v1')!.body.toString()) as {
      components: { schemas: Record<string, { properties: Record<string, { items?: unknown; default?: unknown }> }> };
    };
    const { properties } = components.schemas['io.k8s.api.core.v1.Container']!;
    expect(properties['command']!.items).toEqual({ type: 'string', default: '' });
    expect(properties['image']).toEqual({ description: expect.any(String), type: 'string' });
  });
});
