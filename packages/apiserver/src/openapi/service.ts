import { createHash } from 'node:crypto';
import { encodeJson } from '@coracle/api/codec/json';
import type { AnyKind } from '@coracle/api/kind';
import type { SubresourceTable } from '../registry/strategy.ts';
import { OpenApiDocuments } from './document.ts';
import { mergeV2, type OtherV2 } from './merge-v2.ts';
import { openApiV2 } from './v2.ts';
import { encodeOpenApiV2 } from './v2-protobuf.ts';
import { type KindWords, noOthers, type Words, wordsBefore } from './words.ts';

/** A document ready to be sent. */
export interface Prepared {
  readonly body: Buffer;
  readonly hash: string;
}

/** Makes a document ready. */
export function prepared(body: Buffer): Prepared {
  return { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() };
}

/**
 * The OpenAPI v3 documents of a server, as `OpenApiDocuments` makes them, each built when it is first asked for (KEP-2896). URLs in the index carry a
 * hash of the document, so that clients may cache it for ever.
 */
export class OpenApiService {
  readonly #kinds: () => readonly AnyKind[];
  readonly #table: SubresourceTable;
  readonly #version: string;
  readonly #pages: readonly string[];
  readonly #documents = new Map<string, Prepared>();
  #others: readonly OtherV2[] = [];
  #words: KindWords = noOthers;
  #described: Promise<void> | undefined;
  readonly #readWords: () => Promise<Words>;

  /** `pages`: paths of those that not every server has; `readWords`: reads the descriptions of the installed client. */
  constructor(
    kinds: () => readonly AnyKind[],
    table: SubresourceTable,
    version: string,
    pages: readonly string[] = [],
    readWords = async () => (await import('./installed-words.ts')).installedWords(),
  ) {
    this.#kinds = kinds;
    this.#table = table;
    this.#version = version;
    this.#pages = pages;
    this.#readWords = readWords;
  }

  /**
   * Takes up the descriptions of the installed client, once; documents that are asked for before have our own alone. Rejects where they cannot be
   * read; the next call tries again.
   */
  describe(): Promise<void> {
    this.#described ??= this.#readWords()
      .then((words) => {
        this.#words = wordsBefore(words);
        this.invalidate();
      })
      .catch((error: unknown) => {
        this.#described = undefined;
        throw error;
      });
    return this.#described;
  }

  /** The answer at `/openapi/v3`. `others`: where documents of other servers are, by root; undefined where they have none. */
  index(others: ReadonlyMap<string, string | undefined> = new Map()): {
    paths: Record<string, { serverRelativeURL: string }>;
  } {
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const [root, serverRelativeURL] of others) if (serverRelativeURL) paths[root] = { serverRelativeURL };
    for (const root of this.#current().roots) {
      if (others.has(root)) continue;
      paths[root] = { serverRelativeURL: `/openapi/v3/${root}?hash=${this.#prepare(root)!.hash}` };
    }
    return { paths };
  }

  /** The document at `/openapi/v3/<root>`, for instance `apis/apps/v1` or `apis/apps`; undefined where nothing is served. */
  document(root: string): Prepared | undefined {
    return this.#prepare(root);
  }

  /** The document at `/openapi/v2`, as JSON or in the encoding client-go asks for, with what other servers describe. */
  v2(encoding: 'json' | 'protobuf', others: readonly OtherV2[] = []): Prepared {
    const before = this.#others;
    const isNew = others.length !== before.length || others.some((each, i) => each.document !== before[i]?.document);
    if (isNew) for (const each of ['json', 'protobuf']) this.#documents.delete(`v2 ${each}`);
    this.#others = others;
    const key = `v2 ${encoding}`;
    return this.#documents.get(key) ?? this.#keep(key, this.#encodedV2(encoding));
  }

  /** Forgets what was built, after kinds came or went. */
  invalidate(): void {
    this.#documents.clear();
  }

  #encodedV2(encoding: 'json' | 'protobuf'): Buffer {
    const document = mergeV2(openApiV2(this.#current().whole()), this.#others);
    return encoding === 'json' ? Buffer.from(encodeJson(document)) : encodeOpenApiV2(document);
  }

  #keep(key: string, body: Buffer): Prepared {
    const kept = prepared(body);
    this.#documents.set(key, kept);
    return kept;
  }

  #prepare(root: string): Prepared | undefined {
    const known = this.#documents.get(root);
    if (known) return known;
    const document = this.#current().document(root);
    return document && this.#keep(root, Buffer.from(encodeJson(document)));
  }

  #current(): OpenApiDocuments {
    return new OpenApiDocuments({
      kinds: this.#kinds(),
      table: this.#table,
      version: this.#version,
      words: this.#words,
      pages: this.#pages,
    });
  }
}
