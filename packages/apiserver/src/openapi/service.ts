import { createHash } from 'node:crypto';
import type { AnyKind } from '@coracle/api/kind';
import { servedGroups } from '../discovery/groups.ts';
import type { SubresourceTable } from '../registry/strategy.ts';
import { openApiDocument, rootOf } from './document.ts';

/** A document ready to be sent. */
interface Prepared {
  body: Buffer;
  hash: string;
}

/**
 * The OpenAPI v3 documents of a server, one a group-version, each built when it is first asked for (KEP-2896). URLs in the index carry a
 * hash of the document, so that clients may cache it for ever.
 */
export class OpenApiService {
  readonly #kinds: () => readonly AnyKind[];
  readonly #table: SubresourceTable;
  readonly #version: string;
  readonly #documents = new Map<string, Prepared>();

  constructor(kinds: () => readonly AnyKind[], table: SubresourceTable, version: string) {
    this.#kinds = kinds;
    this.#table = table;
    this.#version = version;
  }

  /** The answer at `/openapi/v3`. */
  index(): { paths: Record<string, { serverRelativeURL: string }> } {
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const apiVersion of this.#apiVersions()) {
      const root = rootOf(apiVersion);
      paths[root] = { serverRelativeURL: `/openapi/v3/${root}?hash=${this.#prepare(apiVersion).hash}` };
    }
    return { paths };
  }

  /** The document at `/openapi/v3/<root>`, for instance `apis/apps/v1`; undefined where nothing is served. */
  document(root: string): Prepared | undefined {
    const apiVersion = this.#apiVersions().find((each) => rootOf(each) === root);
    return apiVersion === undefined ? undefined : this.#prepare(apiVersion);
  }

  /** Forgets what was built, after kinds came or went. */
  invalidate(): void {
    this.#documents.clear();
  }

  #apiVersions(): string[] {
    return [...servedGroups(this.#kinds())].flatMap(([group, versions]) =>
      versions.map((version) => (group === '' ? version : `${group}/${version}`)),
    );
  }

  #prepare(apiVersion: string): Prepared {
    const known = this.#documents.get(apiVersion);
    if (known) return known;
    const body = Buffer.from(JSON.stringify(openApiDocument(apiVersion, this.#kinds(), this.#table, this.#version)));
    const hash = createHash('sha512').update(body).digest('hex').toUpperCase();
    const prepared = { body, hash };
    this.#documents.set(apiVersion, prepared);
    return prepared;
  }
}
