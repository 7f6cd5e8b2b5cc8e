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
  const { definitions } = JSON.parse(service.v2('json').body.toString()) as { definitions: Record<string, Schema> };

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
  });
});

describe('OpenAPI v3', () => {
  it("keeps one field's default to itself", () => {
    const { components } = JSON.parse(service.document('api/v1')!.body.toString()) as {
      components: { schemas: Record<string, { properties: Record<string, { items?: unknown; default?: unknown }> }> };
    };
    const { properties } = components.schemas['io.k8s.api.core.v1.Container']!;
    expect(properties['command']!.items).toEqual({ type: 'string' });
    expect(properties['name']).toMatchObject({ type: 'string' });
  });
});
