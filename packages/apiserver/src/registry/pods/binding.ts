import { pod as podKind } from '@coracle/api/core/v1/pod';
import { setCondition } from '@coracle/api/meta/conditions';
import { type FieldError, notSupported, Path, required } from '@coracle/api/meta/field-path';
import { badRequest, conflict, invalidObject, notFoundError } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { Binding, Pod } from '@coracle/api/types/core/v1';
import type { ObjectAccess } from '../access.ts';
import { placeInNamespace } from '../place.ts';
import type { Subresource, View } from '../strategy.ts';

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** POST of `pods/binding`: gives a pod its node, once (how schedulers decide). */
export const podBinding: Subresource = {
  methods: ['POST'],
  body: { group: '', version: 'v1', kind: 'Binding' },
  keepsIdentity: true,
  async handle(call) {
    const binding = await call.body<Binding>('core/v1.Binding');
    if (!binding) throw badRequest('a Binding is required');
    binding.metadata ??= {};
    if (binding.metadata.name !== call.name) throw badRequest('name in URL does not match name in Binding object');
    placeInNamespace(call, { metadata: binding.metadata });
    const admitted = await call.admit(binding);
    await bind(call.objects, admitted, call.namespace, call.dryRun);
    await call.respond(201, success);
  },
};

/** Assigns a pod to the binding's target. Throws Invalid, NotFound, or Conflict when the pod cannot be assigned (any more). */
export async function bind(objects: ObjectAccess, binding: Binding, namespace: string, dryRun: boolean): Promise<void> {
  const name = binding.metadata.name ?? '';
  const errors = problemsOf(binding);
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Binding' }, name, errors);
  const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, why);
  const { uid, resourceVersion, annotations, labels } = binding.metadata;
  await objects.update(
    podKind,
    name,
    namespace,
    (pod) => {
      if (uid && uid !== pod.metadata.uid) {
        throw refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid ?? ''}`);
      }
      if (resourceVersion && resourceVersion !== pod.metadata.resourceVersion) {
        throw refuse(
          `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion ?? ''}`,
        );
      }
      if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
      if (pod.spec.nodeName) {
        throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
      }
      if (pod.spec.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
      pod.spec.nodeName = binding.target.name ?? '';
      if (annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations };
      if (labels) pod.metadata.labels = { ...pod.metadata.labels, ...labels };
      markScheduled(pod);
      return pod;
    },
    { subresource: 'binding', dryRun },
  );
}

/** What a binding changes in the pod: its node, annotations, labels and condition, and nothing the author of the binding chose otherwise. */
export const bindingView: View<Pod> = { prepare: (it) => it, unmanaged: true };

function markScheduled(pod: Pod): void {
  pod.status ??= {};
  const conditions = pod.status.conditions ?? [];
  pod.status.conditions = conditions;
  setCondition(conditions, { type: 'PodScheduled', status: 'True', lastTransitionTime: now() });
}

function problemsOf({ target }: Binding): FieldError[] {
  const at = new Path('target');
  const errors: FieldError[] = [];
  if (target?.kind && target.kind !== 'Node')
    errors.push(notSupported(at.child('kind'), target.kind, ['Node', '<empty>']));
  if (!target?.name) errors.push(required(at.child('name')));
  return errors;
}

/** POST of a Binding to `bindings` itself: as `pods/binding`, with the pod named in the object. */
export const bindingHooks = {
  async answer(object: Binding, context: { objects: ObjectAccess; dryRun: boolean }): Promise<Binding> {
    if (!object.metadata.name) throw notFoundError({ group: '', resource: 'pods' }, '');
    await bind(context.objects, object, object.metadata.namespace ?? '', context.dryRun);
    return success as unknown as Binding; // upstream answers a binding with a Status
  },
};
