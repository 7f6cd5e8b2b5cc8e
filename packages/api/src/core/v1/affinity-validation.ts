import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../../meta/names.ts';
import { validateLabelSelector } from '../../meta/validate-selector.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Errors of node and pod affinity. */
export function validateAffinity(affinity: Affinity | undefined, at: Path): FieldError[] {
  if (!affinity) return [];
  const errors: FieldError[] = [];
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  if (nodeAffinity) {
    const path = at.child('nodeAffinity');
    const must = nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    if (must) append(errors, validateNodeSelector(must, path.child('requiredDuringSchedulingIgnoredDuringExecution')));
    for (const [i, term] of (nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const where = path.child('preferredDuringSchedulingIgnoredDuringExecution').index(i);
      append(
        errors,
        weight(term.weight, where.child('weight')),
        validateTerm(term.preference ?? {}, where.child('preference')),
      );
    }
  }
  for (const [name, terms] of [
    ['podAffinity', podAffinity],
    ['podAntiAffinity', podAntiAffinity],
  ] as const) {
    if (!terms) continue;
    for (const [i, term] of (terms.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      append(
        errors,
        validatePodTerm(term, at.child(name).child('requiredDuringSchedulingIgnoredDuringExecution').index(i)),
      );
    }
    for (const [i, term] of (terms.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const where = at.child(name).child('preferredDuringSchedulingIgnoredDuringExecution').index(i);
      append(
        errors,
        weight(term.weight, where.child('weight')),
        validatePodTerm(term.podAffinityTerm, where.child('podAffinityTerm')),
      );
    }
  }
  return errors;
}

const weight = (value: number, at: Path) =>
  value >= 1 && value <= 100 ? [] : [invalid(at, value, 'must be in the range 1-100')];

/** Errors of a selector of nodes: it has terms, and each of them is well-formed. */
export function validateNodeSelector(selector: NodeSelector, at: Path): FieldError[] {
  if (!selector.nodeSelectorTerms?.length)
    return [required(at.child('nodeSelectorTerms'), 'must have at least one node selector term')];
  return selector.nodeSelectorTerms.flatMap((term, i) => {
    const path = at.child('nodeSelectorTerms').index(i);
    return [...validateTerm(term, path), ...validateValues(term, path)];
  });
}

/** Errors of values that no label can have: what must match could never. A preference is left alone. */
function validateValues(term: NodeSelectorTerm, at: Path): FieldError[] {
  return (term.matchExpressions ?? []).flatMap(({ values = [] }, i) => {
    const path = at.child('matchExpressions').index(i).child('values');
    return values.flatMap((value, j) => malformed(path.index(j), value, isLabelValue));
  });
}

function validateTerm(term: NodeSelectorTerm, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, requirement] of (term.matchExpressions ?? []).entries()) {
    const path = at.child('matchExpressions').index(i);
    append(errors, validateRequirement(requirement, path));
    for (const message of isQualifiedName(requirement.key ?? ''))
      errors.push(invalid(path.child('key'), requirement.key ?? '', message));
  }
  for (const [i, requirement] of (term.matchFields ?? []).entries()) {
    const path = at.child('matchFields').index(i);
    if (requirement.operator !== 'In' && requirement.operator !== 'NotIn')
      errors.push(invalid(path.child('operator'), requirement.operator ?? '', 'not a valid selector operator'));
    else if (requirement.values?.length !== 1)
      errors.push(
        required(
          path.child('values'),
          "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        ),
      );
    if (requirement.key !== 'metadata.name')
      errors.push(invalid(path.child('key'), requirement.key ?? '', 'not a valid field selector key'));
    else
      for (const [j, value] of (requirement.values ?? []).entries())
        append(errors, malformed(path.child('values').index(j), value, isDns1123Subdomain));
  }
  return errors;
}

function validateRequirement(requirement: NodeSelectorRequirement, at: Path): FieldError[] {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [forbidden(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    case 'Gt':
    case 'Lt':
      return values.length === 1
        ? []
        : [required(at.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalid(at.child('operator'), requirement.operator ?? '', 'not a valid selector operator')];
  }
}

function validatePodTerm(term: PodAffinityTerm, at: Path): FieldError[] {
  const errors = [
    ...validateLabelSelector(term.labelSelector, at.child('labelSelector')),
    ...validateLabelSelector(term.namespaceSelector, at.child('namespaceSelector')),
  ];
  for (const name of term.namespaces ?? [])
    for (const message of isDns1123Label(name)) errors.push(invalid(at.child('namespace'), name, message));
  append(errors, validateLabelKeys(term, at));
  if (!term.topologyKey) errors.push(required(at.child('topologyKey'), 'can not be empty'));
  for (const message of isQualifiedName(term.topologyKey ?? ''))
    errors.push(invalid(at.child('topologyKey'), term.topologyKey ?? '', message));
  return errors;
}

/** Errors of labels by which a pod finds its like, or what is unlike it (KEP-3633). */
function validateLabelKeys(term: PodAffinityTerm, at: Path): FieldError[] {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  if (matchLabelKeys.length === 0 && mismatchLabelKeys.length === 0) return [];
  const errors: FieldError[] = [];
  for (const field of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    const path = at.child(field);
    const keys = term[field] ?? [];
    if (keys.length > 0 && !labelSelector)
      errors.push(forbidden(path, 'must not be specified when labelSelector is not set'));
    else for (const [i, key] of keys.entries()) append(errors, malformed(path.index(i), key, isQualifiedName));
  }
  for (const [i, key] of mismatchLabelKeys.entries()) {
    if (matchLabelKeys.includes(key))
      errors.push(invalid(at.child('mismatchLabelKeys').index(i), key, 'exists in matchLabelKeys'));
  }
  return errors;
}

/** Errors of tolerations. */
export function validateTolerations(tolerations: readonly Toleration[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, toleration] of (tolerations ?? []).entries()) {
    const path = at.index(i);
    if (toleration.key)
      for (const message of isQualifiedName(toleration.key))
        errors.push(invalid(path.child('key'), toleration.key, message));
    if (!toleration.key && toleration.operator !== 'Exists') {
      errors.push(
        invalid(
          path.child('operator'),
          toleration.operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    }
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== 'NoExecute') {
      errors.push(
        invalid(
          path.child('effect'),
          toleration.effect ?? '',
          "effect must be 'NoExecute' when `tolerationSeconds` is set",
        ),
      );
    }
    switch (toleration.operator) {
      case undefined:
      case '':
      case 'Equal':
        {
          const wrong = isLabelValue(toleration.value ?? '');
          if (wrong.length > 0) errors.push(invalid(path.child('operator'), toleration.value, wrong.join(';')));
        }
        break;
      case 'Exists':
        if (toleration.value)
          errors.push(
            invalid(
              path.child('operator'),
              goForm('core/v1.Toleration', toleration),
              "value must be empty when `operator` is 'Exists'",
            ),
          );
        break;
      default:
        errors.push(notSupported(path.child('operator'), toleration.operator, ['Equal', 'Exists']));
    }
    if (toleration.effect && !effects.includes(toleration.effect))
      errors.push(notSupported(path.child('effect'), toleration.effect, effects));
  }
  return errors;
}

const actions = ['DoNotSchedule', 'ScheduleAnyway'];
const inclusions = ['Honor', 'Ignore'];

/**
 * Errors of spreading constraints; a key and a consequence may be named together once. `folded`: they are a pod's, whose
 * `matchLabelKeys` are in the selectors already, and not a template's.
 */
export function validateSpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  folded: boolean,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const pairOf = ({ topologyKey, whenUnsatisfiable }: TopologySpreadConstraint) =>
    JSON.stringify([topologyKey, whenUnsatisfiable]);
  const last = new Map((constraints ?? []).map((each, i) => [pairOf(each), i]));
  for (const [i, constraint] of (constraints ?? []).entries()) {
    const { maxSkew = 0, topologyKey, whenUnsatisfiable: action = '', minDomains } = constraint;
    const path = at.index(i);
    if (maxSkew <= 0) errors.push(invalid(path.child('maxSkew'), maxSkew, 'must be greater than zero'));
    if (!topologyKey) errors.push(required(path.child('topologyKey'), 'can not be empty'));
    else append(errors, malformed(path.child('topologyKey'), topologyKey, isQualifiedName));
    if (!actions.includes(action)) errors.push(notSupported(path.child('whenUnsatisfiable'), action, actions));
    // The first of two is the one that is named.
    if (last.get(pairOf(constraint))! > i)
      errors.push(duplicate(path.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey ?? ''}, ${action}}`));
    if (minDomains !== undefined) {
      const where = path.child('minDomains');
      if (minDomains <= 0) errors.push(invalid(where, minDomains, 'must be greater than zero'));
      if (action !== 'DoNotSchedule') {
        const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
        errors.push(invalid(where, minDomains, detail));
      }
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field];
      if (policy !== undefined && !inclusions.includes(policy))
        errors.push(notSupported(path.child(field), policy, inclusions));
    }
    append(
      errors,
      validateSpreadKeys(constraint, folded, path.child('matchLabelKeys')),
      validateLabelSelector(constraint.labelSelector, path.child('labelSelector')),
    );
  }
  return errors;
}

function validateSpreadKeys(
  { matchLabelKeys = [], labelSelector }: TopologySpreadConstraint,
  folded: boolean,
  at: Path,
): FieldError[] {
  if (matchLabelKeys.length === 0) return [];
  if (!labelSelector) return [forbidden(at, 'must not be specified when labelSelector is not set')];
  const { matchLabels = {}, matchExpressions = [] } = labelSelector;
  return matchLabelKeys.flatMap((key, i) => {
    const errors = malformed(at.index(i), key, isQualifiedName);
    const [first, ...more] = matchExpressions.filter((each) => each.key === key);
    const isFold = folded && more.length === 0 && first?.operator === 'In' && first.values?.length === 1;
    if (!Object.hasOwn(matchLabels, key) && (!first || isFold)) return errors;
    return [...errors, invalid(at.index(i), key, 'exists in both matchLabelKeys and labelSelector')];
  });
}
