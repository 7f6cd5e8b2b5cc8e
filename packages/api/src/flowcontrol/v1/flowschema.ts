import { age, countAsText, text } from '../../columns.ts';
import type { FlowSchema } from '../../generated/flowcontrol/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, notSupported, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { validateFlowRules } from './flow-rules.ts';
import { exemptName } from './mandatory-levels.ts';
import { mandatorySchemas } from './mandatory-schemas.ts';
import { validateFlowConditions } from './validate-flow-conditions.ts';

const greatestPrecedence = 10_000;
const defaultPrecedence = 1000;
const distinguishers = ['ByNamespace', 'ByUser'];

/** Which requests belong together, and which priority level they are of (KEP-1040). */
export const flowSchema = defineKind<FlowSchema>('flowcontrol/v1', {
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  subresources: { status: true },
  statusKeeps: 'all',
  defaults(it) {
    it.spec ??= { priorityLevelConfiguration: { name: '' } };
    it.spec.matchingPrecedence ||= defaultPrecedence;
  },
  validate: (it, at) => [
    ...validateSpec(it, at.child('spec')),
    ...validateFlowConditions(it.status?.conditions, at.child('status.conditions')),
  ],
  validateStatusUpdate: (it, _old, at) => validateFlowConditions(it.status?.conditions, at.child('status.conditions')),
  columns: [
    text('PriorityLevel', (it) => it.spec.priorityLevelConfiguration.name, 'The level of its requests.'),
    countAsText('MatchingPrecedence', (it) => it.spec.matchingPrecedence, 'Of schemas that match, the lowest counts.'),
    text('DistinguisherMethod', (it) => it.spec.distinguisherMethod?.type ?? '<none>', 'What tells flows apart.'),
    age,
    text('MissingPL', (it) => isDangling(it), 'No such level.'),
  ],
  rowOrder: byPrecedence,
});

/** The order in which schemas are looked at: by precedence, then by name. */
export function byPrecedence(a: FlowSchema, b: FlowSchema): number {
  const [left, right] = [a.spec.matchingPrecedence ?? 0, b.spec.matchingPrecedence ?? 0];
  if (left !== right) return left - right;
  return a.metadata.name! < b.metadata.name! ? -1 : 1;
}

/** What the status says of it; `?` where nobody has looked yet. */
function isDangling({ status }: FlowSchema): string {
  return status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?';
}

function validateSpec(it: FlowSchema, at: Path): FieldError[] {
  const { spec } = it;
  const { name = '' } = it.metadata;
  const errors: FieldError[] = [];
  const precedence = spec.matchingPrecedence ?? 0;
  const wrong = (detail: string) => errors.push(invalid(at.child('matchingPrecedence'), precedence, detail));
  if (precedence <= 0) wrong('must be a positive value');
  if (precedence > greatestPrecedence) wrong(`must not be greater than ${greatestPrecedence}`);
  if (precedence === 1 && name !== exemptName) wrong("only the schema named 'exempt' may have matchingPrecedence 1");
  const { distinguisherMethod } = spec;
  if (distinguisherMethod && !distinguishers.includes(distinguisherMethod.type)) {
    errors.push(
      notSupported(
        at.child('distinguisherMethod.type'),
        goForm('flowcontrol/v1.FlowDistinguisherMethod', distinguisherMethod),
        distinguishers,
      ),
    );
  }
  const level = spec.priorityLevelConfiguration?.name ?? '';
  const levelPath = at.child('priorityLevelConfiguration.name');
  if (level === '') errors.push(required(levelPath, 'must reference a priority level'));
  else append(errors, malformed(levelPath, level, isDns1123Subdomain));
  for (const [i, rule] of (spec.rules ?? []).entries()) {
    append(errors, validateFlowRules(rule, at.child('rules').index(i)));
  }
  const fixed = mandatorySchemas.find(({ metadata }) => metadata.name === name);
  if (fixed && !deepEqual(spec, fixed.spec)) {
    errors.push(
      invalid(at, goForm('flowcontrol/v1.FlowSchemaSpec', spec), `spec of '${name}' must equal the fixed value`),
    );
  }
  return errors;
}
