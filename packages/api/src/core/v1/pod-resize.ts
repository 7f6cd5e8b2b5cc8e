import type { Container, Pod, PodSpec } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, invalid, type Path } from '../../meta/field-path.ts';
import { clone, deepEqual } from '../../meta/object.ts';
import { Quantity } from '../../meta/quantity.ts';
import { validatePodSpec } from './pod-validation.ts';
import { qosClass } from './qos.ts';
import { isMirror } from './static-pods.ts';

const lists = ['containers', 'initContainers'] as const;
const amounts = ['requests', 'limits'] as const;
const resizable = ['cpu', 'memory'];

/** A pod's spec with the resources that another asks for its containers, and how they are to get them; all else stays (KEP-1287). */
export function withResourcesOf(spec: PodSpec, wanted: PodSpec): PodSpec {
  const copy = clone(spec);
  for (const list of lists) {
    const wishes = new Map(wanted[list]?.map((each) => [each.name, each]));
    for (const container of copy[list] ?? []) {
      const wish = wishes.get(container.name);
      if (!wish) continue;
      take(container, wish, 'resources');
      take(container, wish, 'resizePolicy');
    }
  }
  return copy;
}

function take<F extends keyof Container>(into: Container, from: Container, field: F): void {
  if (from[field] === undefined) delete into[field];
  else into[field] = from[field];
}

/** Errors of a change through `pods/resize`: cpu and memory of containers that run on may change, the pod's class of service may not. */
export function validatePodResize(it: Pod, old: Pod, at: Path): FieldError[] {
  const path = at.child('spec');
  if (isMirror(old)) return [forbidden(at.child(''), 'static pods cannot be resized')];
  if (old.spec.os?.name === 'windows') return [forbidden(at.child(''), 'windows pods cannot be resized')];
  const errors = validatePodSpec(it.spec, path, it.metadata.name);
  if (errors.length > 0) return errors;
  if (qosClass(it.spec) !== (old.status?.qosClass || qosClass(old.spec)))
    errors.push(invalid(path, qosClass(it.spec), 'Pod QOS Class may not change as a result of resizing'));
  for (const list of lists) {
    for (const [i, container] of (it.spec[list] ?? []).entries()) {
      const before = old.spec[list]?.[i];
      if (!before) continue;
      const where = path.child(list).index(i).child('resources');
      for (const kind of amounts) {
        const gone = resizable.some((name) => before.resources?.[kind]?.[name] && !container.resources?.[kind]?.[name]);
        if (gone) errors.push(forbidden(where.child(kind), `resource ${kind} cannot be removed`));
      }
      if (list === 'initContainers' && before.restartPolicy !== 'Always' && !deepEqual(container, before))
        errors.push(forbidden(where, 'resources for non-sidecar init containers are immutable'));
    }
  }
  const rest = withResizableOf(it.spec, old.spec);
  if (!deepEqual(rest, old.spec)) errors.push(forbidden(path, 'only cpu and memory resources are mutable'));
  return errors;
}

/** `spec` with cpu and memory of its containers as they were before; amounts that are equal are one, however written. */
function withResizableOf(spec: PodSpec, old: PodSpec): PodSpec {
  const copy = clone(spec);
  for (const list of lists) {
    for (const [i, container] of (copy[list] ?? []).entries()) {
      const before = old[list]?.[i]?.resources;
      for (const kind of amounts) {
        const amount = { ...container.resources?.[kind] };
        for (const name of resizable) {
          const was = before?.[kind]?.[name];
          if (was === undefined) delete amount[name];
          else amount[name] = was;
        }
        for (const [name, text] of Object.entries(amount)) {
          const was = before?.[kind]?.[name];
          if (was !== undefined && Quantity.parse(was).equals(Quantity.parse(text))) amount[name] = was;
        }
        container.resources = { ...container.resources, [kind]: amount };
        if (Object.keys(amount).length === 0 && before?.[kind] === undefined) delete container.resources[kind];
      }
      if (before === undefined && Object.keys(container.resources ?? {}).length === 0) delete container.resources;
    }
  }
  return copy;
}
