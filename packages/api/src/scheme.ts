import type { AnyKind } from './kind.ts';

/** The one table of kinds: what a server serves, what a client can name. */
export class Scheme {
  readonly #byKind = new Map<string, AnyKind>();
  readonly #byResource = new Map<string, AnyKind>();

  constructor(kinds: Iterable<AnyKind> = []) {
    for (const kind of kinds) this.add(kind);
  }

  /** Registers a kind; throws when its kind or resource name is taken. */
  add(kind: AnyKind): void {
    const byKind = `${kind.apiVersion}/${kind.kind}`;
    const byResource = `${kind.apiVersion}/${kind.plural}`;
    if (this.#byKind.has(byKind) || this.#byResource.has(byResource)) throw new Error(`${byKind} is declared twice`);
    this.#byKind.set(byKind, kind);
    this.#byResource.set(byResource, kind);
  }

  remove(kind: AnyKind): void {
    this.#byKind.delete(`${kind.apiVersion}/${kind.kind}`);
    this.#byResource.delete(`${kind.apiVersion}/${kind.plural}`);
  }

  /** The kind of an object, by its apiVersion (`apps/v1`) and kind (`Deployment`). */
  kind(apiVersion: string, kind: string): AnyKind | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  /** The kind behind a resource name (`deployments`) in an apiVersion. */
  resource(apiVersion: string, plural: string): AnyKind | undefined {
    return this.#byResource.get(`${apiVersion}/${plural}`);
  }

  *[Symbol.iterator](): IterableIterator<AnyKind> {
    yield* this.#byKind.values();
  }
}
