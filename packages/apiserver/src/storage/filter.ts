import type { AnyKind } from '@coracle/api/kind';
import type { FieldSelector } from '@coracle/api/meta/field-selector';
import type { Selector } from '@coracle/api/meta/labels';
import type { CachedObject } from './cached-object.ts';

/** What a list, watch or deletecollection selects. */
export class Filter {
  readonly kind: AnyKind;
  /** Empty: all namespaces. */
  readonly namespace: string;
  readonly #labels: Selector | undefined;
  readonly #fields: FieldSelector | undefined;
  /** Equal keys select equally: watchers with one key share their frames. */
  readonly key: string;

  constructor(kind: AnyKind, namespace: string, labels?: Selector, fields?: FieldSelector) {
    this.kind = kind;
    this.namespace = namespace;
    this.#labels = labels && !labels.empty ? labels : undefined;
    this.#fields = fields && fields.requirements.length > 0 ? fields : undefined;
    const fieldKey = (this.#fields?.requirements ?? []).map(
      (each) => each.field + each.operator + JSON.stringify(each.value),
    );
    this.key = [namespace, this.#labels?.toString() ?? '', fieldKey.join(',')].join('|');
  }

  /** Whether everything in the namespace is selected. */
  get all(): boolean {
    return !this.#labels && !this.#fields;
  }

  /** Whether fields of objects are looked at, in the kind's form. */
  get looksInside(): boolean {
    return this.#fields !== undefined;
  }

  /** The one name that can match, where a field selector says so. */
  get name(): string | undefined {
    return this.required('metadata.name');
  }

  /** The one value of a field that can match, where a field selector says so. */
  required(field: string): string | undefined {
    return this.#fields?.requirements.find((each) => each.field === field && each.operator === '=')?.value;
  }

  /** Whether the object under a key may be selected, as far as its name tells. */
  covers(key: string): boolean {
    const slash = key.indexOf('/');
    if (this.namespace !== '' && key.slice(0, slash) !== this.namespace) return false;
    return this.name === undefined || key.slice(slash + 1) === this.name;
  }

  matches(object: CachedObject): boolean {
    if (this.namespace !== '' && object.namespace !== this.namespace) return false;
    if (this.#labels && !this.#labels.matches(object.labels as Record<string, string> | undefined)) return false;
    return !this.#fields || this.#fields.matches((field) => object.field(this.kind, field));
  }
}
