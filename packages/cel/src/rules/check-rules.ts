import { internalRule } from '@coracle/api/apiextensions/v1/internal-form';
import { type FieldError, forbidden, invalid, type Path } from '@coracle/api/meta/field-path';
import type { Expression } from '../compile.ts';
import { most } from '../cost/range.ts';
import { ruleEstimateLimit, schemaEstimateLimit } from '../limits.ts';
import { maxRequestSize } from '../schema/declared-type.ts';
import { declareStructural, type StructuralSchema } from '../schema/structural.ts';
import { compileRule } from './rule.ts';

/** How often a part of an object can be there; undefined where the schema sets no bound. */
type Count = bigint | undefined;

interface Cost {
  readonly at: Path;
  readonly cost: bigint;
}

/** Of a schema that costs too much, so many of its most expensive expressions are named, if they cost a hundredth of what it may. */
const named = 4;

/**
 * What is wrong with the rules of a schema when a CustomResourceDefinition is written: faults of expressions, of their results' types and of
 * fieldPath, transition rules where nothing tells old from new, and estimates of cost beyond the limits. `at` is the path of the schema
 * (`spec.versions[0].schema.openAPIV3Schema`). What can be told without compiling (rules that are empty, messages with line breaks) is for
 * the validation of the kind itself.
 */
export function checkSchemaRules(schema: StructuralSchema, at: Path): FieldError[] {
  const costs: Cost[] = [];
  const errors = checkNode(schema, at, { root: true, count: 1n, uncorrelated: undefined, costs });
  const total = costs.reduce((sum, { cost }) => sum + cost, 0n);
  if (total > schemaEstimateLimit) {
    const detail = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const dear = costs
      .filter(({ cost }) => cost >= schemaEstimateLimit / 100n)
      .sort((a, b) => (a.cost < b.cost ? 1 : -1))
      .slice(0, named);
    errors.push(...dear.map((each) => forbidden(each.at, detail)));
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    errors.push(forbidden(at, tooDear(what, total, schemaEstimateLimit)));
  }
  return errors;
}

interface Around {
  readonly root: boolean;
  readonly count: Count;
  /** The nearest part around this one whose old and new items cannot be told apart. */
  readonly uncorrelated: Path | undefined;
  readonly costs: Cost[];
}

function checkNode(schema: StructuralSchema, at: Path, around: Around): FieldError[] {
  const errors = checkOwnRules(schema, at, around);
  const below = (each: StructuralSchema, path: Path, change: Partial<Around>) =>
    errors.push(
      ...checkNode(each, path, { ...around, root: each['x-kubernetes-embedded-resource'] ?? false, ...change }),
    );
  const uncorrelated = around.uncorrelated;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    below(property, at.child('properties').key(name), {});
  }
  const { additionalProperties, items } = schema;
  if (typeof additionalProperties === 'object') {
    below(additionalProperties, at.child('additionalProperties'), { count: times(around.count, schema.maxProperties) });
  }
  if (items) {
    const list = schema['x-kubernetes-list-type'];
    below(items, at.child('items'), {
      count: times(around.count, schema.maxItems),
      uncorrelated: uncorrelated ?? (list === 'map' ? undefined : at),
    });
  }
  return errors;
}

function checkOwnRules(schema: StructuralSchema, at: Path, around: Around): FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.length === 0) return [];
  const declared = declareStructural(schema, around.root);
  const rulesAt = at.child('x-kubernetes-validations');
  if (!declared) {
    const unknown = schema['x-kubernetes-preserve-unknown-fields'] ?? false;
    const detail = `rule declared on schema that does not support validation rules type: '${schema.type ?? ''}' x-kubernetes-preserve-unknown-fields: '${unknown}'`;
    const message = `Internal error: failed to compile x-kubernetes-validations rules: ${detail}`;
    return [rulesAt.error('InternalError', message)];
  }
  const count = around.count ?? BigInt(Math.floor(maxRequestSize / (declared.minSize + 1)));
  const errors: FieldError[] = [];
  const estimate = (expression: Expression | undefined, path: Path, what: string) => {
    if (!expression) return;
    const product = expression.cost().max * count;
    const cost = product > most ? most : product;
    if (cost > ruleEstimateLimit) errors.push(forbidden(path, tooDear(what, cost, ruleEstimateLimit)));
    around.costs.push({ at: path, cost });
  };
  for (const [i, rule] of rules.entries()) {
    const ruleAt = rulesAt.index(i);
    const compiled = compileRule(rule, declared, schema);
    estimate(compiled.expression, ruleAt.child('rule'), 'estimated rule cost');
    estimate(compiled.message, ruleAt.child('messageExpression'), 'estimated messageExpression cost');
    if (compiled.failure !== undefined)
      errors.push(invalid(ruleAt.child('rule'), internalRule(rule), compiled.failure));
    if (compiled.messageFailure !== undefined) {
      errors.push(invalid(ruleAt.child('messageExpression'), internalRule(rule), compiled.messageFailure));
    }
    if (compiled.usesOldSelf && around.uncorrelated) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${around.uncorrelated}`;
      errors.push(invalid(ruleAt.child('rule'), rule.rule, detail));
    } else if (!compiled.usesOldSelf && rule.optionalOldSelf !== undefined) {
      errors.push(
        invalid(ruleAt.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
      );
    }
  }
  return errors;
}

const times = (count: Count, max: number | undefined): Count =>
  count === undefined || max === undefined ? undefined : count * BigInt(Math.max(0, max));

function tooDear(what: string, cost: bigint, limit: bigint): string {
  const factor = Number(cost) / Number(limit);
  const shown = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
