import { namesOf, objectTypes } from './operations.ts';
import type { Json, SchemaCollection } from './schemas.ts';

/** A GET without parameters. `answer`: a type; undefined for text. */
export function readOperation(
  tag: string,
  operationId: string,
  description: string,
  answer: string | undefined,
  schemas: SchemaCollection,
  types: readonly string[] = objectTypes,
): Json {
  const schema = answer === undefined ? { type: 'string' } : schemas.reference(answer);
  const content = Object.fromEntries(types.map((type) => [type, { schema }]));
  const responses = { 200: { description: 'OK', content }, 401: { description: 'Unauthorized' } };
  return { tags: [tag], description, operationId, responses };
}

/** What a group says of its versions. */
export function groupPaths(group: string, schemas: SchemaCollection): Json {
  const { infix, tag } = namesOf(group, '');
  const about = 'Tells the versions of the group.';
  return {
    [`/apis/${group}/`]: { get: readOperation(tag, `get${infix}APIGroup`, about, 'meta/v1.APIGroup', schemas) },
  };
}

type Page = readonly [tag: string, name: string, description: string, answer?: string, types?: readonly string[]];

/** The pages that are no resources, by path. */
const pages: Readonly<Record<string, Page>> = {
  '/api/': ['core', 'getCoreAPIVersions', 'Tells the versions of the core group.', 'meta/v1.APIVersions'],
  '/apis/': ['apis', 'getAPIVersions', 'Tells all groups and their versions.', 'meta/v1.APIGroupList'],
  '/version/': ['version', 'getCodeVersion', "Tells the server's version.", 'version.Info', ['application/json']],
  '/.well-known/openid-configuration/': [
    'WellKnown',
    'getServiceAccountIssuerOpenIDConfiguration',
    'Tells who issues tokens of service accounts, and where their keys are.',
    undefined,
    ['application/json'],
  ],
  '/openid/v1/jwks/': [
    'openid',
    'getServiceAccountIssuerOpenIDKeyset',
    'Tells the keys that tokens of service accounts are signed with.',
    undefined,
    ['application/jwk-set+json'],
  ],
};
const everyServers = ['/api/', '/apis/', '/version/'];

/** The paths of pages by the roots of their documents. `more`: those pages that not every server has. */
export function pagePaths(more: readonly string[]): Record<string, (schemas: SchemaCollection) => Json> {
  const served = new Set([...everyServers, ...more.map((path) => `${path}/`)]);
  return Object.fromEntries(
    Object.entries(pages)
      .filter(([path]) => served.has(path))
      .map(([path, [tag, name, description, answer, types]]) => [
        path.slice(1, -1),
        (schemas) => ({ [path]: { get: readOperation(tag, name, description, answer, schemas, types) } }),
      ]),
  );
}
