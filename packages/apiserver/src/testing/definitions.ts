import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '@coracle/api/types/apiextensions/v1';
import { eventually } from './expectations.ts';
import type { Answer, Call } from './http.ts';

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** One version, served and stored, with a schema of these fields. */
export function versionOf(
  properties: Record<string, JSONSchemaProps>,
  more: Partial<CustomResourceDefinitionVersion> = {},
): CustomResourceDefinitionVersion {
  return {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object', properties } },
    ...more,
  };
}

/** A definition of namespaced objects. */
export function definitionOf(
  kind: string,
  versions: CustomResourceDefinitionVersion[],
  more: Partial<CustomResourceDefinition['spec']> = {},
): CustomResourceDefinition {
  const plural = `${kind.toLowerCase()}s`;
  const group = more.group ?? 'example.com';
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, names: { plural, kind }, scope: 'Namespaced', versions, ...more },
  };
}

/** Creates or replaces a definition and waits until what it says is in effect. */
export async function define(call: Call, definition: CustomResourceDefinition): Promise<Answer> {
  const name = definition.metadata.name!;
  const before = await call('GET', `${path}/${name}`);
  const answer =
    before.status === 404
      ? await call('POST', path, definition)
      : await call('PUT', `${path}/${name}`, {
          ...definition,
          metadata: { ...definition.metadata, resourceVersion: before.body.metadata.resourceVersion },
        });
  if (answer.status > 201) throw new Error(`${answer.status} ${answer.text}`);
  await eventually(async () => (await condition(call, name, 'Established'))?.status === 'True');
  return answer;
}

/** A condition of a definition. */
export async function condition(
  call: Call,
  name: string,
  type: string,
): Promise<{ status: string; reason: string; message: string } | undefined> {
  const { body } = await call('GET', `${path}/${name}`);
  return body.status?.conditions?.find((each: { type: string }) => each.type === type);
}
