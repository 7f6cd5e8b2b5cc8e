import { keyOf } from '@coracle/api/meta/object';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';

/** Remembers the slices this process wrote per service, to tell when the cache does not show them yet. */
export class WrittenSlices {
  /** Per service: slice key -> version written; undefined after a deletion. */
  readonly #byService = new Map<string, Map<string, bigint | undefined>>();

  wrote(service: string, slice: EndpointSlice): void {
    this.#of(service).set(keyOf(slice), BigInt(slice.metadata.resourceVersion!));
  }

  deleted(service: string, slice: EndpointSlice): void {
    this.#of(service).set(keyOf(slice), undefined);
  }

  /** Whether the cached slices are older than what was written. What the cache shows is forgotten here. */
  areStale(service: string, cached: readonly EndpointSlice[]): boolean {
    const written = this.#byService.get(service);
    if (!written) return false;
    const versions = new Map(cached.map((slice) => [keyOf(slice), BigInt(slice.metadata.resourceVersion!)]));
    for (const [key, version] of written) {
      const seen = versions.get(key);
      if (version === undefined ? seen !== undefined : seen === undefined || seen < version) return true;
    }
    this.#byService.delete(service);
    return false;
  }

  /** Someone else removed a slice: it will not show up again. */
  gone(service: string, slice: EndpointSlice): void {
    this.#byService.get(service)?.delete(keyOf(slice));
  }

  #of(service: string): Map<string, bigint | undefined> {
    const known = this.#byService.get(service) ?? new Map<string, bigint | undefined>();
    this.#byService.set(service, known);
    return known;
  }
}
