import { podTemplateForm } from '../../core/v1/pod-spec-diff.ts';
import type { Job, JobSpec } from '../../generated/batch/v1.ts';
import type { Container } from '../../generated/core/v1.ts';
import { type FieldError, invalid, type Path } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { clone, deepEqual } from '../../meta/object.ts';

type Template = JobSpec['template'];

/** Errors of a change to a job: what it is to do stays, but for what may change while it is suspended. */
export function validateJobUpdate(it: Job, old: Job, at: Path): FieldError[] {
  const path = at.child('spec');
  const immutable = (field: string, now: unknown, before: unknown): FieldError[] =>
    deepEqual(now, before) ? [] : [invalid(path.child(field), shown(field, now), 'field is immutable')];
  return [
    ...validateCompletions(it.spec, old.spec, path),
    ...immutable('selector', it.spec.selector, old.spec.selector),
    ...immutable('template', it.spec.template, isAtRest(old) ? withMutable(old, it.spec.template) : old.spec.template),
    ...(['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const).flatMap(
      (field) => immutable(field, it.spec[field], old.spec[field]),
    ),
  ];
}

/** A field's value in upstream's internal form. */
function shown(field: string, value: unknown): unknown {
  if (value === undefined) return null;
  if (field === 'template') return podTemplateForm(value as Template);
  if (field === 'podFailurePolicy') return goForm('batch/v1.PodFailurePolicy', value);
  return field === 'successPolicy' ? goForm('batch/v1.SuccessPolicy', value) : value;
}

/** An indexed job grows and shrinks where completions and parallelism stay the same number (KEP-3715). */
function validateCompletions(spec: JobSpec, old: JobSpec, at: Path): FieldError[] {
  const { completions, parallelism } = spec;
  if (completions === old.completions) return [];
  const path = at.child('completions');
  if (spec.completionMode !== 'Indexed') return [invalid(path, completions, 'field is immutable')];
  return completions === parallelism
    ? []
    : [invalid(path, completions, `can only be modified in tandem with ${at.child('parallelism')}`)];
}

/** Suspended, and nothing of it runs: where and with what its pods will run may still change (KEP-2926, KEP-5440). */
function isAtRest({ spec, status }: Job): boolean {
  return spec.suspend === true && (status?.active ?? 0) === 0;
}

/** A job's template as it was, with all that may change while the job rests taken from `now`. */
function withMutable(old: Job, now: Template): Template {
  const before = clone(old.spec.template);
  if (!now?.spec || !before?.spec) return before;
  const { spec } = before;
  for (const field of ['nodeSelector', 'tolerations', 'schedulingGates'] as const) take(spec, now.spec, field);
  const { nodeAffinity } = now.spec.affinity ?? {};
  const { nodeAffinity: _, ...others } = spec.affinity ?? {};
  if (now.spec.affinity || Object.keys(others).length > 0) {
    spec.affinity = { ...others, ...(nodeAffinity ? { nodeAffinity } : {}) };
  } else {
    delete spec.affinity;
  }
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [i, container] of (spec[list] ?? []).entries()) {
      const wanted: Container | undefined = now.spec[list]?.[i];
      if (wanted) take(container, wanted, 'resources');
    }
  }
  before.metadata = { ...before.metadata };
  for (const field of ['labels', 'annotations'] as const) take(before.metadata, now.metadata ?? {}, field);
  if (!now.metadata && Object.keys(before.metadata).length === 0) delete before.metadata;
  return before;
}

function take<T extends object>(to: T, from: T, field: keyof T): void {
  if (from[field] === undefined) delete to[field];
  else to[field] = from[field];
}
