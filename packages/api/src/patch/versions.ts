import type { ObjectSchema } from '../schema.ts';
import { difference, type FieldSet, recursiveDifference } from './field-set.ts';
import type { Manager } from './managers.ts';
import { compareTyped } from './typed-compare.ts';

/** One version of an object: who wrote the object in it owns fields of that form. */
export interface ObjectVersion {
  readonly schema: ObjectSchema;
  /** The object in the form of this version, from that of the request. */
  from(object: unknown): unknown;
  /** And back. */
  to(object: unknown): unknown;
}

/** The versions an object can be had in, by apiVersion; undefined: it is not served any more, and who wrote in it owns nothing. */
export type ObjectVersions = (apiVersion: string) => ObjectVersion | undefined;

/** The version a request is of. */
export function ownVersion(schema: ObjectSchema): ObjectVersion {
  const same = (object: unknown) => object;
  return { schema, from: same, to: same };
}

/** Of what has one form alone: whatever version a manager says it wrote, its fields are of that form. */
export function oneForm(schema: ObjectSchema): ObjectVersions {
  const own = ownVersion(schema);
  return () => own;
}

/** What a change sets and what it takes away. */
interface Difference {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** A change of an object, as those see it who know the object in one version or another. */
export class ObjectChange {
  readonly #before: unknown;
  readonly #after: unknown;
  readonly #versions: ObjectVersions;
  readonly #ignored: FieldSet | undefined;
  readonly #seen = new Map<string, Difference | undefined>();
  /** In the version of the request. */
  readonly own: Difference;

  /** `apiVersion`: that of the request, which both objects have the form of. What is `ignored` does not change. */
  constructor(
    before: unknown,
    after: unknown,
    schema: ObjectSchema,
    apiVersion: string,
    versions: ObjectVersions,
    ignored?: FieldSet,
  ) {
    this.#before = before;
    this.#after = after;
    this.#versions = versions;
    this.#ignored = ignored;
    this.own = this.#difference(before, after, schema);
    this.#seen.set(apiVersion, this.own);
  }

  /** The change in a version; undefined where that is not served any more. */
  in(apiVersion: string): Difference | undefined {
    if (!this.#seen.has(apiVersion)) this.#seen.set(apiVersion, this.#compare(this.#versions(apiVersion)));
    return this.#seen.get(apiVersion);
  }

  /** What a manager has afterwards of what it had; undefined where its version is not served any more. */
  leavesTo(manager: Manager): Manager | undefined {
    const change = this.in(manager.apiVersion);
    if (!change) return undefined;
    const fields = difference(difference(manager.fields, change.changed), change.removed);
    return fields === manager.fields ? manager : { ...manager, fields };
  }

  #compare(version: ObjectVersion | undefined): Difference | undefined {
    if (!version) return undefined;
    const before = this.#before === undefined ? undefined : version.from(this.#before);
    return this.#difference(before, version.from(this.#after), version.schema);
  }

  #difference(before: unknown, after: unknown, schema: ObjectSchema): Difference {
    const found = compareTyped(before, after, schema);
    if (!this.#ignored) return found;
    const { changed, removed } = found;
    return {
      changed: recursiveDifference(changed, this.#ignored),
      removed: recursiveDifference(removed, this.#ignored),
    };
  }
}
