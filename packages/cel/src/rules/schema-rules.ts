import { duplicate, type FieldError, forbidden, invalid, omitted, Path, required } from '@coracle/api/meta/field-path';
import { isAsItWas } from '@coracle/api/structural/former';
import { CostLimitError } from '../evaluate/failure.ts';
import type { Activation } from '../evaluate/program.ts';
import { maxMessageSize, perRequestLimit } from '../limits.ts';
import type { DeclaredType } from '../schema/declared-type.ts';
import { toValue } from '../schema/json-value.ts';
import { declareStructural, type StructuralSchema } from '../schema/structural.ts';
import { Optional, type Value } from '../values.ts';
import { type CompiledRule, compileRule } from './rule.ts';

/** What came of the rules of a schema. */
export interface RuleOutcome {
  readonly errors: FieldError[];
  /** What would have been an error, had the value not been like that before (KEP-4008): to be sent as warnings. */
  readonly ratcheted: FieldError[];
}

/**
 * The rules (`x-kubernetes-validations`) of one version of a custom resource, compiled. Make it once for a schema and keep it:
 *
 *     const rules = compileSchemaRules(openAPIV3Schema);     // undefined: the schema has none
 *     const { errors, ratcheted } = rules.validate(object, oldObject);
 *
 * `oldObject` is undefined on create; on update of the status alone pass whole objects all the same. Objects must be defaulted, pruned and
 * valid by the schema itself: rules are not run on what is not of its type. Loading this module loads the language; import it
 * lazily where a schema has rules. What is wrong with rules when a definition is written is found by `checkSchemaRules`.
 */
export interface SchemaRules {
  validate(object: unknown, old?: unknown, at?: Path): RuleOutcome;
}

/** Compiles the rules of a schema, those of its parts included. A rule that does not compile fails each object, and names itself. */
export function compileSchemaRules(schema: StructuralSchema, root = true): SchemaRules | undefined {
  const node = compileNode(schema, schema, root, declareStructural(schema, root));
  if (!node) return undefined;
  return {
    validate(object, old, at = new Path()) {
      const run = new Run();
      run.node(node, {
        value: object,
        old,
        at,
        correlated: old !== undefined,
        unchanged: () => old !== undefined && isAsItWas(object, { value: old, schema }),
        around: () => false,
      });
      return { errors: run.errors, ratcheted: run.ratcheted };
    },
  };
}

interface RuleNode {
  readonly schema: StructuralSchema;
  readonly declared: DeclaredType;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly values?: RuleNode;
  readonly items?: RuleNode;
  readonly allOf: readonly RuleNode[];
}

/** `rules` come from `validations`; types from `schema`, which for the parts of an allOf is the schema around it. */
function compileNode(
  validations: StructuralSchema,
  schema: StructuralSchema,
  root: boolean,
  declared?: DeclaredType,
): RuleNode | undefined {
  if (!declared) return undefined;
  const rules = (validations['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, declared, schema));
  const below = (each: StructuralSchema | undefined, typed: StructuralSchema | undefined, known?: DeclaredType) => {
    if (!each || !typed) return undefined;
    const embedded = typed['x-kubernetes-embedded-resource'] ?? false;
    return compileNode(each, typed, embedded, known ?? declareStructural(typed, embedded));
  };
  const properties = new Map<string, RuleNode>();
  const fields = new Map<string, DeclaredType>();
  if (validations.properties) for (const each of declared.fields?.values() ?? []) fields.set(each.name, each.declared);
  for (const [name, property] of Object.entries(validations.properties ?? {})) {
    // The root's metadata has more for rules below it than its schema says.
    const node = below(property, schema.properties?.[name], fields.get(name));
    if (node) properties.set(name, node);
  }
  const own = (value: StructuralSchema | boolean | undefined) => (typeof value === 'object' ? value : undefined);
  const values = below(own(validations.additionalProperties), own(schema.additionalProperties), declared.items);
  const items = below(validations.items, schema.items, declared.items);
  const allOf = (validations.allOf ?? []).flatMap((each) => compileNode(each, schema, root, declared) ?? []);
  if (rules.length === 0 && properties.size === 0 && !values && !items && allOf.length === 0) return undefined;
  return { schema, declared, rules, properties, values, items, allOf };
}

/** A value and the value it takes the place of. */
interface Place {
  readonly value: unknown;
  readonly old: unknown;
  readonly at: Path;
  /** Whether `old`, if it is there, is what `value` was before. */
  readonly correlated: boolean;
  /** Whether this, or what it is part of, is as it was. */
  readonly unchanged: () => boolean;
  /** The same of what it is part of. */
  readonly around: () => boolean;
}

class Run {
  readonly errors: FieldError[] = [];
  readonly ratcheted: FieldError[] = [];
  #budget = perRequestLimit;
  #over = false;

  node(node: RuleNode, place: Place): void {
    const { value } = place;
    if (value === null || value === undefined || this.#over) return;
    this.#rules(node, place);
    for (const each of node.allOf) this.node(each, { ...place, unchanged: place.around });
    if (Array.isArray(value)) this.#items(node, value, place);
    else if (typeof value === 'object') this.#fields(node, value as Record<string, unknown>, place);
  }

  #fields(node: RuleNode, value: Readonly<Record<string, unknown>>, place: Place): void {
    const { correlated } = place;
    const before = correlated && isRecord(place.old) ? place.old : undefined;
    for (const [name, each] of Object.entries(value)) {
      const below = node.values ?? node.properties.get(name);
      if (!below) continue;
      const old = before && Object.hasOwn(before, name) ? before[name] : undefined;
      const at = node.values ? place.at.key(name) : place.at.child(name);
      this.node(below, part(below, each, old, at, correlated, place));
    }
  }

  #items(node: RuleNode, value: readonly unknown[], place: Place): void {
    if (!node.items) return;
    const keys =
      node.schema['x-kubernetes-list-type'] === 'map' ? node.schema['x-kubernetes-list-map-keys'] : undefined;
    const correlated = place.correlated && keys !== undefined;
    const before = new Map(
      correlated && Array.isArray(place.old) ? place.old.map((old) => [keyOf(old, keys), old]) : [],
    );
    for (const [i, each] of value.entries()) {
      const old = keys && before.get(keyOf(each, keys));
      this.node(node.items, part(node.items, each, old, place.at.index(i), correlated, place));
    }
  }

  #rules(node: RuleNode, place: Place): void {
    const old = place.correlated && place.old !== null ? place.old : undefined;
    let self: Value | undefined;
    let oldSelf: Value | undefined;
    const read = (name: string): Value | undefined => {
      if (name === 'self') {
        self ??= toValue(place.value, node.declared);
        return self;
      }
      oldSelf ??= old === undefined ? undefined : toValue(old, node.declared);
      return oldSelf;
    };
    for (const each of node.rules) {
      if (each.usesOldSelf && old === undefined && !each.rule.optionalOldSelf) continue;
      const last = this.#rule(each, place, node.schema.type, read);
      if (!last) continue;
      this.errors.push(last);
      this.#over = true;
      return;
    }
  }

  /** Runs one rule. The answer, if there is one, is an error after which no further rule may run. */
  #rule(compiled: CompiledRule, place: Place, type: string | undefined, read: Activation): FieldError | undefined {
    const { at } = place;
    const { rule, expression } = compiled;
    if (compiled.failure !== undefined) this.errors.push(invalid(at, type, `rule compile error: ${compiled.failure}`));
    if (!expression) return undefined;
    if (this.#budget <= 0) return invalid(at, type, outOfBudget);
    const activation: Activation = rule.optionalOldSelf
      ? (name) => (name === 'oldSelf' ? new Optional(read(name)) : read(name))
      : read;
    const outcome = expression.evaluate(activation);
    if (outcome.cost > this.#budget) return invalid(at, type, outOfBudget);
    this.#budget -= outcome.cost;
    if ('error' in outcome) {
      const failed = invalid(at, type, evaluationDetail(outcome.error, ruleText(compiled)));
      if (outcome.error instanceof CostLimitError) return failed;
      this.errors.push(failed);
      return undefined;
    }
    if (outcome.value === true) return undefined;
    const where = compiled.fieldPath === undefined ? at : at.child(compiled.fieldPath);
    const message = this.#message(compiled, activation);
    if (message instanceof Error) return invalid(where, type, message.message);
    const shown = type === 'object' || type === 'array' ? omitted : place.value;
    const failed = errorOf(rule.reason, where, shown, message ?? ownMessage(compiled));
    if (!compiled.usesOldSelf && place.unchanged()) this.ratcheted.push(failed);
    else this.errors.push(failed);
    return undefined;
  }

  /** The text of a messageExpression; undefined where it has none to give, an Error where no further rule may run. */
  #message({ message, rule }: CompiledRule, activation: Activation): string | undefined | Error {
    if (!message) return undefined;
    const outcome = message.evaluate(activation);
    if (outcome.cost > this.#budget) {
      return new Error(
        'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
      );
    }
    this.#budget -= outcome.cost;
    if ('error' in outcome) {
      if (!(outcome.error instanceof CostLimitError)) return undefined;
      const source = JSON.stringify(rule.messageExpression);
      return new Error(
        `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${source}`,
      );
    }
    return usableMessage(outcome.value);
  }
}

function part({ schema }: RuleNode, value: unknown, old: unknown, at: Path, correlated: boolean, around: Place): Place {
  let equal: boolean | undefined;
  const unchanged = () => {
    equal ??= correlated ? old !== undefined && isAsItWas(value, { value: old, schema }) : around.unchanged();
    return equal;
  };
  return { value, old, at, correlated, unchanged, around: around.unchanged };
}

/** A message for people: one line, not empty, not too long; anything else gives way to the default. */
export function usableMessage(value: Value): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' || text.includes('\n') || Buffer.byteLength(text) > maxMessageSize ? undefined : text;
}

const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

function evaluationDetail(error: Error, rule: string): string {
  const { message } = error;
  if (message.startsWith('no such overload')) {
    return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${rule}`;
  }
  if (error instanceof CostLimitError) {
    return `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${rule}`;
  }
  return `${message} evaluating rule: ${rule}`;
}

const ruleText = ({ rule }: CompiledRule): string => (rule.message || rule.rule).trim();
const ownMessage = ({ rule }: CompiledRule): string =>
  rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`;

function errorOf(reason: string | undefined, at: Path, value: unknown, detail: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(at, detail);
    case 'FieldValueRequired':
      return required(at, detail);
    case 'FieldValueDuplicate':
      return duplicate(at, value);
    default:
      return invalid(at, value, detail);
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function keyOf(item: unknown, keys: readonly string[] | undefined): string {
  return JSON.stringify(
    keys?.map((key) => (isRecord(item) ? (item[key] ?? null) : null)),
    (_, value) => (typeof value === 'bigint' ? `${value}n` : value),
  );
}
