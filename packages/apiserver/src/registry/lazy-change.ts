import type { KubeObject } from '@coracle/api/kind';
import type { CachedObject } from '../storage/cached-object.ts';
import type { Change } from './access.ts';

/** A change of which the objects are decoded when somebody looks at them: most listeners want one of the two, or a name alone. */
export class LazyChange<T extends KubeObject> implements Change<T> {
  readonly type: 'added' | 'updated';
  readonly #now: CachedObject;
  readonly #before: CachedObject | undefined;
  readonly #decode: (object: CachedObject) => T;
  #object: T | undefined;
  #old: T | undefined;

  constructor(now: CachedObject, before: CachedObject | undefined, decode: (object: CachedObject) => T) {
    this.type = before ? 'updated' : 'added';
    this.#now = now;
    this.#before = before;
    this.#decode = decode;
  }

  get object(): T {
    this.#object ??= this.#decode(this.#now);
    return this.#object;
  }

  get old(): T | undefined {
    this.#old ??= this.#before && this.#decode(this.#before);
    return this.#old;
  }
}
