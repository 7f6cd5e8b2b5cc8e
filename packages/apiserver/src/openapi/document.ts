import type { AnyKind } from '@coracle/api/kind';
import { apiVersionOf, servedGroups } from '../discovery/groups.ts';
import { isServed } from '../discovery/resources.ts';
import type { SubresourceTable } from '../registry/strategy.ts';
import type { DocumentScope } from './common-kinds.ts';
import { namesOf } from './operations.ts';
import { groupPaths, pagePaths, readOperation } from './page-paths.ts';
import { pathsOf, rootOf } from './paths.ts';
import { type Json, SchemaCollection } from './schemas.ts';
import type { KindWords } from './words.ts';

/** What a document says beside its paths and schemas. */
const bearerToken = {
  BearerToken: { type: 'apiKey', name: 'authorization', in: 'header', description: 'A bearer token.' },
};
export const security = { definitions: bearerToken, required: [{ BearerToken: [] }] };

/** What documents of custom resources are called, of any server. */
const customInfo = { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' };

/** What documents are made of. */
export interface DocumentSource {
  readonly kinds: readonly AnyKind[];
  readonly table: SubresourceTable;
  /** The server's: `v1.36.0`. */
  readonly version: string;
  readonly words: KindWords;
  /** Paths of pages that not every server has: `/openid/v1/jwks`. */
  readonly pages: readonly string[];
}

/** The paths of one document; the schemas they refer to come into the collection. */
type MakePaths = (source: DocumentSource, schemas: SchemaCollection) => Json;

interface Maker {
  readonly scope: DocumentScope;
  readonly paths: MakePaths;
}

/** The documents of a server by their roots: one a group-version (`apis/apps/v1`), one a group (`apis/apps`), and those of the other pages (`version`). */
export class OpenApiDocuments {
  readonly #source: DocumentSource;
  readonly #makers = new Map<string, Maker>();

  constructor(source: DocumentSource) {
    this.#source = source;
    for (const [root, paths] of Object.entries(pagePaths(source.pages))) {
      this.#makers.set(root, { scope: 'all', paths: (_, schemas) => paths(schemas) });
    }
    for (const [group, versions] of servedGroups(source.kinds)) {
      const ofGroup = source.kinds.filter((kind) => kind.group === group);
      if (group !== '' && !ofGroup.every((kind) => kind.dynamic)) {
        this.#makers.set(`apis/${group}`, { scope: 'all', paths: (_, schemas) => groupPaths(group, schemas) });
      }
      for (const version of versions) {
        const apiVersion = apiVersionOf(group, version);
        const isCustom = ofGroup.every((kind) => kind.version !== version || kind.dynamic);
        const scope = isCustom ? 'custom' : { group, version };
        this.#makers.set(rootOf(apiVersion), { scope, paths: (...made) => versionPaths(apiVersion, ...made) });
      }
    }
  }

  /** What documents there are. */
  get roots(): readonly string[] {
    return [...this.#makers.keys()];
  }

  /** The OpenAPI 3.0 document of a root: its paths, and the schemas they need; undefined where nothing is served. */
  document(root: string): Json | undefined {
    const maker = this.#makers.get(root);
    return maker && documentOf(this.#source, maker.scope, (schemas) => maker.paths(this.#source, schemas));
  }

  /** All that the server serves, in one document. */
  whole(): Json {
    return documentOf(this.#source, 'all', (schemas) =>
      Object.assign({}, ...[...this.#makers.values()].map(({ paths }) => paths(this.#source, schemas))),
    );
  }
}

function versionPaths(apiVersion: string, { kinds, table, words }: DocumentSource, schemas: SchemaCollection): Json {
  const ofVersion = kinds.filter((kind) => kind.apiVersion === apiVersion && isServed(kind));
  const paths: Json = ofVersion.every((kind) => kind.dynamic) ? {} : resourcesPath(apiVersion, schemas);
  for (const kind of ofVersion) Object.assign(paths, pathsOf(kind, { kinds, table, schemas, words }));
  return paths;
}

/** Of the page that tells the resources of a group-version, which is described where any of them is built in. */
function resourcesPath(apiVersion: string, schemas: SchemaCollection): Json {
  const slash = apiVersion.indexOf('/');
  const { infix, tag } = namesOf(apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1));
  const about = 'Tells the resources of the group-version.';
  return {
    [`/${rootOf(apiVersion)}/`]: {
      get: readOperation(tag, `get${infix}APIResources`, about, 'meta/v1.APIResourceList', schemas),
    },
  };
}

function documentOf(
  { kinds, words, version }: DocumentSource,
  scope: DocumentScope,
  pathsWith: (schemas: SchemaCollection) => Json,
): Json {
  const collection = new SchemaCollection(kinds, words, scope);
  const paths = pathsWith(collection);
  const sorted = (record: Json) => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  const isCustom = scope === 'custom';
  const { definitions: securitySchemes, required } = security;
  return {
    openapi: '3.0.0',
    info: isCustom ? customInfo : { title: 'Kubernetes', version },
    paths: sorted(paths),
    components: { schemas: sorted(collection.schemas), ...(isCustom ? {} : { securitySchemes }) },
    ...(isCustom ? {} : { security: required }),
  };
}
