import { hasGoodAuthorities } from '@coracle/api/apiextensions/v1/conversion-validation';
import { conditionOf, sameCondition, setCondition } from '@coracle/api/apiextensions/v1/definition-conditions';
import { deepEqual } from '@coracle/api/meta/object';
import { aggregate } from '@coracle/api/meta/status';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
} from '@coracle/api/types/apiextensions/v1';

type Condition = CustomResourceDefinitionCondition;

/** A definition, as others meet its names. */
export interface NamedDefinition {
  readonly name: string;
  readonly group: string;
  readonly accepted: CustomResourceDefinitionNames | undefined;
}

/**
 * Decides which of the names a definition asks for it gets, given the other definitions, and writes that into its status, in place: who came
 * first keeps a name. Returns whether anything changed.
 */
export function acceptNames(crd: CustomResourceDefinition, others: Iterable<NamedDefinition>): boolean {
  const asked = crd.spec.names;
  const before = crd.status?.acceptedNames ?? { plural: '', kind: '' };
  if (deepEqual(asked, before) && conditionOf(crd, 'NamesAccepted')) return false;
  const taken = takenNames(crd, others);
  const { names, conflict } = decide(asked, before, taken);
  const accepted: Condition = conflict ?? {
    type: 'NamesAccepted',
    status: 'True',
    reason: 'NoConflicts',
    message: 'no conflicts found',
  };
  const established = conditionOf(crd, 'Established');
  if (deepEqual(names, before) && sameCondition(accepted, conditionOf(crd, 'NamesAccepted'))) return false;
  crd.status = { ...crd.status, acceptedNames: names };
  setCondition(crd, accepted);
  if (established?.status === 'True') return true;
  setCondition(crd, {
    type: 'Established',
    status: 'False',
    ...(accepted.status === 'True'
      ? { reason: 'Installing', message: 'the initial names have been accepted' }
      : { reason: 'NotAccepted', message: 'not all names are accepted' }),
  });
  return true;
}

/** Marks a definition whose names are accepted as served, in place, or says why it is not. Returns whether that is new. */
export function establish(crd: CustomResourceDefinition): boolean {
  if (conditionOf(crd, 'NamesAccepted')?.status !== 'True') return false;
  const before = conditionOf(crd, 'Established');
  if (before?.status === 'True') return false;
  if (!hasGoodAuthorities(crd)) {
    if (before?.reason === 'InvalidCABundle') return false;
    setCondition(crd, {
      type: 'Established',
      status: 'False',
      reason: 'InvalidCABundle',
      message: 'The conversion webhook CABundle is invalid',
    });
    return true;
  }
  setCondition(crd, {
    type: 'Established',
    status: 'True',
    reason: 'InitialNamesAccepted',
    message: 'the initial names have been accepted',
  });
  return true;
}

interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenNames(crd: CustomResourceDefinition, others: Iterable<NamedDefinition>): Taken {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { name, group, accepted: names } of others) {
    if (group !== crd.spec.group || name === crd.metadata.name || !names) continue;
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name);
    for (const kind of [names.kind, names.listKind]) if (kind) kinds.add(kind);
  }
  return { resources, kinds };
}

function decide(
  asked: CustomResourceDefinitionNames,
  before: CustomResourceDefinitionNames,
  { resources, kinds }: Taken,
): { names: CustomResourceDefinitionNames; conflict: Condition | undefined } {
  const names: CustomResourceDefinitionNames = { ...before };
  let conflict: Condition | undefined;
  const inUse = (name: string) => `${JSON.stringify(name)} is already in use`;
  const refuse = (what: string, message: string) => {
    conflict = { type: 'NamesAccepted', status: 'False', reason: `${what}Conflict`, message };
  };
  const take = (field: 'plural' | 'singular' | 'kind' | 'listKind', what: string, used: ReadonlySet<string>) => {
    const name = asked[field] ?? '';
    if (name !== before[field] && used.has(name)) refuse(what, inUse(name));
    else names[field] = name;
  };
  take('plural', 'Plural', resources);
  take('singular', 'Singular', resources);
  const wanted = asked.shortNames ?? [];
  const contested = wanted.filter((name) => !before.shortNames?.includes(name) && resources.has(name));
  if (contested.length > 0) refuse('ShortNames', aggregate(contested.map(inUse)));
  else set(names, 'shortNames', asked.shortNames);
  take('kind', 'Kind', kinds);
  take('listKind', 'ListKind', kinds);
  set(names, 'categories', asked.categories);
  return { names, conflict };
}

function set(
  names: CustomResourceDefinitionNames,
  field: 'shortNames' | 'categories',
  value: string[] | undefined,
): void {
  if (value === undefined) delete names[field];
  else names[field] = value;
}
