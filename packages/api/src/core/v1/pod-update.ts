import type {
  Affinity,
  Container,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PodSpec,
  Toleration,
} from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, forbidden, invalid, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { inclusiveRangeError } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { validateTolerations } from './affinity-validation.ts';
import { validatePodAnnotationsUpdate } from './pod-annotations.ts';
import { podSpecDiff } from './pod-spec-diff.ts';

const maxDeadline = 2_147_483_647;
const additionsOnly = 'only additions are allowed (no mutations or deletions)';

/** Errors of a change to a pod through the main resource: nearly all of its spec is frozen. */
export function validatePodUpdate(it: Pod, old: Pod, at: Path): FieldError[] {
  const path = at.child('spec');
  const [spec, before] = [it.spec, old.spec];
  const errors = validatePodAnnotationsUpdate(it, old, at.child('metadata.annotations'));
  for (const list of ['containers', 'initContainers'] as const) {
    const [now, then] = [spec[list] ?? [], before[list] ?? []];
    if (now.length !== then.length)
      return [...errors, forbidden(path.child(list), 'pod updates may not add or remove containers')];
    append(errors, validateImagesThere(now, path.child(list)));
  }
  const deadline = changedDeadline(spec, before, path.child('activeDeadlineSeconds'));
  append(errors, deadline);
  if (deadline.length > 0 && spec.activeDeadlineSeconds !== undefined) return errors;
  append(
    errors,
    onlyAdded(spec.tolerations ?? [], before.tolerations ?? [], path.child('tolerations')),
    onlyDeleted(spec, before, path.child('schedulingGates')),
  );
  if (deepEqual(spec, before)) return errors;
  const { rest, errors: gated } = withMutable(spec, before, path);
  append(errors, gated);
  if (deepEqual(rest, before)) return errors;
  return [
    ...errors,
    forbidden(
      path,
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
        '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n' +
        podSpecDiff(before, rest),
    ),
  ];
}

function validateImagesThere(containers: readonly Container[], at: Path): FieldError[] {
  return containers.flatMap(({ image = '' }, i) => {
    const path = at.index(i).child('image');
    if (image === '') return [required(path)];
    return image.trim() === image ? [] : [invalid(path, image, 'must not have leading or trailing whitespace')];
  });
}

/** A deadline may be set, and come nearer. */
function changedDeadline(spec: PodSpec, old: PodSpec, at: Path): FieldError[] {
  const [now, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (now === undefined) {
    if (before === undefined) return [];
    return [invalid(at, null, 'must not update from a positive integer to nil value')];
  }
  if (now < 0 || now > maxDeadline) return [invalid(at, now, inclusiveRangeError(0, maxDeadline))];
  return before !== undefined && before < now ? [invalid(at, now, 'must be less than or equal to previous value')] : [];
}

/** Tolerations stay, but for how long they are. */
function onlyAdded(now: readonly Toleration[], before: readonly Toleration[], at: Path): FieldError[] {
  const identity = ({ key, operator, value, effect }: Toleration) => JSON.stringify([key, operator, value, effect]);
  const there = new Set(now.map(identity));
  if (!before.every((old) => there.has(identity(old))))
    return [forbidden(at, 'existing toleration can not be modified except its tolerationSeconds')];
  return deepEqual(now, before) ? [] : validateTolerations(now, at);
}

function onlyDeleted({ schedulingGates: now = [] }: PodSpec, old: PodSpec, at: Path): FieldError[] {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  return now.flatMap(({ name }, i) => {
    if (before.has(name)) return [];
    return [forbidden(at.index(i).child('name'), `only deletion is allowed, but found new scheduling gate '${name}'`)];
  });
}

/** `spec` with every field that an update may change set back to what it was, and the errors of how those of a gated pod were changed. */
function withMutable(spec: PodSpec, old: PodSpec, at: Path): { rest: PodSpec; errors: FieldError[] } {
  const images = (list: readonly Container[] | undefined, before: readonly Container[] | undefined) =>
    list?.map((container, i) => ({ ...container, image: before![i]!.image }));
  const rest: PodSpec = {
    ...spec,
    containers: images(spec.containers, old.containers) ?? [],
    initContainers: images(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
  };
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1)
    rest.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  if (!old.schedulingGates?.length) return { rest, errors: [] };
  // A pod that waits may still be narrowed to fewer nodes (KEP-3838).
  const errors: FieldError[] = [];
  if (!deepEqual(spec.nodeSelector, old.nodeSelector)) {
    const kept = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => spec.nodeSelector?.[key] === value);
    if (!kept) errors.push(invalid(at.child('nodeSelector'), spec.nodeSelector ?? null, additionsOnly));
    rest.nodeSelector = old.nodeSelector;
  }
  const [now, before] = [spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity];
  if (!deepEqual(now, before)) {
    append(errors, validateNarrowing(now, before, at.child('affinity.nodeAffinity')));
    rest.affinity = withNodeAffinity(spec.affinity, old.affinity);
  }
  return { rest, errors };
}

function withNodeAffinity(now: Affinity | undefined, old: Affinity | undefined): Affinity | undefined {
  const { nodeAffinity: _, ...others } = now ?? {};
  if (old === undefined && Object.keys(others).length === 0) return undefined;
  return old?.nodeAffinity ? { ...others, nodeAffinity: old.nodeAffinity } : others;
}

/** What a pod must have of its nodes may become more, term by term; what it would like may become anything. */
function validateNarrowing(now: NodeAffinity | undefined, old: NodeAffinity | undefined, at: Path): FieldError[] {
  const terms = (affinity?: NodeAffinity) =>
    affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const [wanted, before] = [terms(now), terms(old)];
  if (before.length === 0) return [];
  const path = at.child('requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms');
  const shown = (term: NodeSelectorTerm) => goForm('core/v1.NodeSelectorTerm', term);
  if (wanted.length !== before.length) {
    const detail = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [invalid(path, wanted.length === 0 ? null : wanted.map(shown), detail)];
  }
  return wanted.flatMap((term, i) => {
    return isNarrower(term, before[i]!) ? [] : [invalid(path.index(i), shown(term), additionsOnly)];
  });
}

/** Whether a term has all requirements of another, in their order, before its own; a term without any matches nothing and stays so. */
function isNarrower(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  const size = (of: NodeSelectorTerm) => lists.reduce((sum, list) => sum + (of[list]?.length ?? 0), 0);
  if (size(old) === 0) return size(term) === 0;
  return lists.every((list) => {
    const before = old[list] ?? [];
    return deepEqual((term[list] ?? []).slice(0, before.length), before);
  });
}
