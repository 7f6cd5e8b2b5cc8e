import { isLabelValue, isQualifiedName } from './names.ts';
import { aggregate } from './status.ts';

/** How a requirement compares; the names are those of upstream's error texts. */
export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

/** One condition on one label. */
export class Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];

  constructor(key: string, operator: Operator, values: readonly string[]) {
    this.key = key;
    this.operator = operator;
    this.values = values;
  }

  matches(labels: Readonly<Record<string, string>> | undefined): boolean {
    // A key every object inherits (`constructor`) is not a string, and so not a label.
    const found: unknown = labels?.[this.key];
    const value = typeof found === 'string' ? found : undefined;
    switch (this.operator) {
      case 'in':
      case '=':
      case '==':
        return value !== undefined && this.values.includes(value);
      case 'notin':
      case '!=':
        return value === undefined || !this.values.includes(value);
      case 'exists':
        return value !== undefined;
      case '!':
        return value === undefined;
      case 'gt':
        return compares(value, this.values[0]!, (a, b) => a > b);
      case 'lt':
        return compares(value, this.values[0]!, (a, b) => a < b);
    }
  }

  toString(): string {
    const { key, operator, values } = this;
    switch (operator) {
      case '!':
        return `!${key}`;
      case 'exists':
        return key;
      case 'in':
      case 'notin':
        return `${key} ${operator} (${[...values].sort().join(',')})`;
      case 'gt':
        return `${key}>${values[0]}`;
      case 'lt':
        return `${key}<${values[0]}`;
      default:
        return `${key}${operator}${values[0]}`;
    }
  }
}

/** The value of an int64 in text form; undefined when it is none. */
function int64(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function compares(label: string | undefined, bound: string, holds: (a: bigint, b: bigint) => boolean): boolean {
  const a = label === undefined ? undefined : int64(label);
  const b = int64(bound);
  return a !== undefined && b !== undefined && holds(a, b);
}

const shown = (values: readonly string[]): string => JSON.stringify(values);

/** A checked requirement; throws one error with all that is wrong, in upstream's words. */
export function makeRequirement(key: string, operator: Operator, values: readonly string[]): Requirement {
  const errors: string[] = [];
  const problems = isQualifiedName(key);
  if (problems.length > 0) errors.push(`key: Invalid value: ${JSON.stringify(key)}: ${problems.join('; ')}`);
  const wrong = (detail: string): void => {
    errors.push(`values: Invalid value: ${shown(values)}: ${detail}`);
  };
  switch (operator) {
    case 'in':
    case 'notin':
      if (values.length === 0) wrong("for 'in', 'notin' operators, values set can't be empty");
      break;
    case '=':
    case '==':
    case '!=':
      if (values.length !== 1) wrong('exact-match compatibility requires one single value');
      break;
    case 'exists':
    case '!':
      if (values.length !== 0) wrong('values set must be empty for exists and does not exist');
      break;
    case 'gt':
    case 'lt':
      if (values.length !== 1) wrong("for 'Gt', 'Lt' operators, exactly one value is required");
      values.forEach((value, i) => {
        if (int64(value) === undefined) {
          errors.push(
            `values[${i}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
          );
        }
      });
  }
  values.forEach((value, i) => {
    const bad = isLabelValue(value);
    if (bad.length > 0) errors.push(`values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${bad.join('; ')}`);
  });
  if (errors.length > 0) throw new Error(aggregate(errors));
  return new Requirement(key, operator, values);
}

/** Throws when `key` is not a label's key; `at` is the path the error names. */
export function validateKey(key: string, at: string): void {
  const problems = isQualifiedName(key);
  if (problems.length > 0) throw new Error(`${at}: Invalid value: ${JSON.stringify(key)}: ${problems.join('; ')}`);
}
