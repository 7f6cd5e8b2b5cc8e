/** A value that does not fit its type; the message is the text of upstream's decoder. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** One step from an object to what it contains: a field of a struct, the index of an item, or the key of a map. */
export type Step = string | number | { readonly key: string };

/** The way from the root to the value being decoded. */
export class Trail {
  readonly steps: Step[] = [];
  /** Names of the structs around the value, outermost first. */
  readonly structs: string[] = [];

  /** `spec.containers[0].image`, as strict decoding names a field. */
  path(field: string): string {
    let text = '';
    for (const step of this.steps) {
      if (typeof step === 'number') text += `[${step}]`;
      else text += `${text === '' ? '' : '.'}${typeof step === 'string' ? step : step.key}`;
    }
    return text === '' ? field : `${text}.${field}`;
  }

  /** The error for a value of JSON kind `kind` where Go has `type`. Go names struct fields only, not indices and map keys. */
  mismatch(kind: string, type: string): DecodeError {
    const names = this.steps.filter((step) => typeof step === 'string');
    const struct = this.structs.at(-1);
    if (struct === undefined || names.length === 0) return goValueMismatch(kind, type);
    return new DecodeError(
      `json: cannot unmarshal ${kind} into Go struct field ${struct}.${names.join('.')} of type ${type}`,
    );
  }
}

/** The error where Go decodes a value by itself, without knowing the field it is for. */
export function goValueMismatch(kind: string, type: string): DecodeError {
  return new DecodeError(`json: cannot unmarshal ${kind} into Go value of type ${type}`);
}

/** What Go's decoder calls the kind of a JSON value. */
export function jsonKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
    case 'bigint':
      return 'number';
    default:
      return 'object';
  }
}
