import { createHash } from 'node:crypto';
import { encodeJson } from '@coracle/api/codec/json';
import type { AnyKind } from '@coracle/api/kind';
import { servedGroups } from '../discovery/groups.ts';
import type { SubresourceTable } from '../registry/strategy.ts';
import { openApiDocument, rootOf } from './document.ts';
import { openApiV2 } from './v2.ts';
import { encodeOpenApiV2 } from './v2-protobuf.ts';
import { type KindWords, noOthers, wordsBefore } from './words.ts';

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
  #words: KindWords = noOthers;
  #described: Promise<void> | undefined;

  constructor(kinds: () => readonly AnyKind[], table: SubresourceTable, version: string) {
    this.#kinds = kinds;
    this.#table = table;
    this.#version = version;
  }

  /** Takes up the descriptions of the installed client, once; documents that are asked for before have our own alone. */
  describe(): Promise<void> {
    this.#described ??= import('./installed-words.ts')
      .then(({ installedWords }) => installedWords())
      .then((words) => {
        this.#words = wordsBefore(words);
        this.invalidate();
      });
    return this.#described;
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

  /** The document at `/openapi/v2`, as JSON or in the encoding client-go asks for. */
  v2(encoding: 'json' | 'protobuf'): Prepared {
    const key = `v2 ${encoding}`;
    return this.#documents.get(key) ?? this.#keep(key, this.#encodedV2(encoding));
  }

  /** Forgets what was built, after kinds came or went. */
  invalidate(): void {
    this.#documents.clear();
  }

  #encodedV2(encoding: 'json' | 'protobuf'): Buffer {
    const document = openApiV2(this.#kinds(), this.#version, this.#words);
    return encoding === 'json' ? Buffer.from(encodeJson(document)) : encodeOpenApiV2(document);
  }

  #keep(key: string, body: Buffer): Prepared {
    const prepared = { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() };
    this.#documents.set(key, prepared);
    return prepared;
  }

  #apiVersions(): string[] {
    return [...servedGroups(this.#kinds())].flatMap(([group, versions]) =>
      versions.map((version) => (group === '' ? version : `${group}/${version}`)),
    );
  }

  #prepare(apiVersion: string): Prepared {
    const known = this.#documents.get(apiVersion);
    if (known) return known;
    const document = openApiDocument(apiVersion, this.#kinds(), this.#table, this.#version, this.#words);
    return this.#keep(apiVersion, Buffer.from(encodeJson(document)));
  }
}
