import { age, text } from '../../columns.ts';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../generated/flowcontrol/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, forbidden, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { deepEqual } from '../../meta/object.ts';
import { exemptName, mandatoryLevels } from './mandatory-levels.ts';
import { validateFlowConditions } from './validate-flow-conditions.ts';

const mostQueues = 10_000_000;
/** A flow's hand of queues is dealt from a hash; more bits of it than these would not be evenly spread. */
const mostEntropyBits = 60;
const defaults = { shares: 30, queues: 64, handSize: 8, queueLengthLimit: 50 };

type Spec = PriorityLevelConfigurationSpec;

/** How many requests of a kind are worked on at once, and what becomes of those beyond (KEP-1040). */
export const priorityLevelConfiguration = defineKind<PriorityLevelConfiguration>('flowcontrol/v1', {
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
  subresources: { status: true },
  statusKeeps: 'all',
  defaults: ({ spec }) => fillIn(spec),
  validate: (it, at) => [
    ...validateSpec(it.spec, it.metadata.name ?? '', at.child('spec')),
    ...validateMandatory(it, at.child('spec')),
    ...validateFlowConditions(it.status?.conditions, at.child('status.conditions')),
  ],
  validateStatusUpdate: (it, _old, at) => validateFlowConditions(it.status?.conditions, at.child('status.conditions')),
  columns: [
    text('Type', (it) => it.spec.type, 'Whether its requests are limited.'),
    text(
      'NominalConcurrencyShares',
      (it) => cell(it.spec.limited?.nominalConcurrencyShares),
      'Its share of all seats.',
    ),
    text('Queues', (it) => cell(it.spec.limited?.limitResponse?.queuing?.queues), 'Queues of waiting requests.'),
    text('HandSize', (it) => cell(it.spec.limited?.limitResponse?.queuing?.handSize), 'Queues of one flow.'),
    text('QueueLengthLimit', (it) => cell(it.spec.limited?.limitResponse?.queuing?.queueLengthLimit), 'A queue holds.'),
    age,
  ],
});

const cell = (value: number | undefined) => (value === undefined ? '<none>' : String(value));

function fillIn(spec: Spec | undefined): void {
  if (spec?.type === 'Exempt') {
    spec.exempt ??= {};
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (!spec?.limited) return;
  spec.limited.nominalConcurrencyShares ??= defaults.shares;
  spec.limited.lendablePercent ??= 0;
  const queuing = spec.limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.handSize ||= defaults.handSize;
  queuing.queues ||= defaults.queues;
  queuing.queueLengthLimit ||= defaults.queueLengthLimit;
}

function validateSpec(spec: Spec, name: string, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const { type = '' } = spec;
  if ((name === exemptName) !== (type === 'Exempt')) {
    errors.push(invalid(at.child('type'), type, "type must be 'Exempt' if and only if name is 'exempt'"));
  }
  if (type === 'Exempt') {
    if (spec.limited) errors.push(forbidden(at.child('limited'), 'must be nil if the type is not Limited'));
    if (spec.exempt) append(errors, validateShares(spec.exempt, at.child('exempt')));
  } else if (type === 'Limited') {
    if (spec.exempt) errors.push(forbidden(at.child('exempt'), 'must be nil if the type is Limited'));
    if (!spec.limited) errors.push(required(at.child('limited'), 'must not be empty when type is Limited'));
    else append(errors, validateLimited(spec.limited, at.child('limited')));
  } else errors.push(notSupported(at.child('type'), type, ['Exempt', 'Limited']));
  return errors;
}

/** Mandatory levels are as they are, but for how much the exempt one lends. */
function validateMandatory({ metadata: { name = '' }, spec }: PriorityLevelConfiguration, at: Path): FieldError[] {
  const shown = () => goForm('flowcontrol/v1.PriorityLevelConfigurationSpec', spec);
  const fixed = mandatoryLevels.find(({ metadata }) => metadata.name === name)?.spec;
  if (!fixed) return [];
  if (name !== exemptName) {
    return deepEqual(spec, fixed) ? [] : [invalid(at, shown(), `spec of '${name}' must equal the fixed value`)];
  }
  const { exempt: _, ...rest } = spec;
  const { exempt: _fixed, ...fixedRest } = fixed;
  if (deepEqual(rest, fixedRest)) return [];
  return [invalid(at, shown(), `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`)];
}

/** Errors of the seats of a level and those it lends; what is wrong with those that wait stands between them. */
function validateShares(
  it: { nominalConcurrencyShares?: number; lendablePercent?: number },
  at: Path,
  between: readonly FieldError[] = [],
): FieldError[] {
  const { nominalConcurrencyShares: shares = 0, lendablePercent: percent = 0 } = it;
  return [
    ...(shares < 0 ? [invalid(at.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer')] : []),
    ...between,
    ...(percent < 0 || percent > 100
      ? [invalid(at.child('lendablePercent'), percent, 'must be between 0 and 100, inclusive')]
      : []),
  ];
}

function validateLimited(it: LimitedPriorityLevelConfiguration, at: Path): FieldError[] {
  const { borrowingLimitPercent: percent = 0 } = it;
  return [
    ...validateShares(it, at, validateResponse(it.limitResponse ?? { type: '' }, at.child('limitResponse'))),
    ...(percent < 0
      ? [invalid(at.child('borrowingLimitPercent'), percent, 'if specified, must be a non-negative integer')]
      : []),
  ];
}

function validateResponse({ type = '', queuing }: LimitResponse, at: Path): FieldError[] {
  const path = at.child('queuing');
  if (type === 'Reject') {
    return queuing ? [forbidden(path, 'must be nil if limited.limitResponse.type is not Limited')] : [];
  }
  if (type !== 'Queue') return [notSupported(at.child('type'), type, ['Queue', 'Reject'])];
  if (!queuing) return [required(path, 'must not be empty if limited.limitResponse.type is Limited')];
  return validateQueuing(queuing, path);
}

function validateQueuing(it: QueuingConfiguration, at: Path): FieldError[] {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = it;
  const errors: FieldError[] = [];
  const wrong = (field: keyof QueuingConfiguration, detail: string) =>
    errors.push(invalid(at.child(field), it[field] ?? 0, detail));
  if (queueLengthLimit <= 0) wrong('queueLengthLimit', 'must be positive');
  if (queues <= 0) wrong('queues', 'must be positive');
  else if (queues > mostQueues) wrong('queues', `must not be greater than ${mostQueues}`);
  if (handSize <= 0) wrong('handSize', 'must be positive');
  else if (handSize > queues) wrong('handSize', `should not be greater than queues (${queues})`);
  else if (entropyBits(queues, handSize) > mostEntropyBits) {
    const asked = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
    wrong('handSize', `${asked} should not be greater than ${mostEntropyBits}`);
  }
  return errors;
}

/** Bits of a hash that it takes to deal a hand of different queues. */
function entropyBits(queues: number, handSize: number): number {
  let bits = 0;
  for (let i = 0; i < handSize; i++) bits += Math.log2(queues - i);
  return Math.ceil(bits);
}
