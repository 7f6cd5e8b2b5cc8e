import { apiApprovalErrors } from '@coracle/api/apiextensions/v1/api-approval';
import { customResourceDefinition } from '@coracle/api/apiextensions/v1/customresourcedefinition';
import { setCondition } from '@coracle/api/apiextensions/v1/definition-conditions';
import type { KubeObject } from '@coracle/api/kind';
import { invalidObject } from '@coracle/api/meta/status';
import { formatOf } from '@coracle/api/structural/formats';
import { partsOf } from '@coracle/api/structural/node';
import { loadPatterns } from '@coracle/api/structural/patterns';
import type { CustomResourceDefinition } from '@coracle/api/types/apiextensions/v1';
import type { ResourceHooks, WriteContext } from '../registry/strategy.ts';
import { ruleErrors } from './rules.ts';

/** Keeps a definition that is being deleted until its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** What is special about writing definitions: schemas need their patterns loaded, and deletion waits for the objects. */
export const customResourceDefinitionHooks: ResourceHooks = {
  async beforeCreate(object) {
    await loadPatterns();
    const crd = object as CustomResourceDefinition;
    const errors = apiApprovalErrors(crd);
    if (errors.length > 0) throw invalidObject(customResourceDefinition, crd.metadata.name ?? '', errors);
    return undefined;
  },
  async beforeUpdate(_object, _old, { subresource }) {
    if (subresource === '') await loadPatterns();
    return undefined;
  },
  /** Rules are looked at where the schemas around them are fine, formats where those are, too. */
  async errors(object, old, context, found) {
    const isFine = context.subresource === '' && found.every(({ field }) => field.startsWith('metadata.'));
    if (!isFine) return [];
    const crd = object as CustomResourceDefinition;
    const errors = await ruleErrors(crd, old as CustomResourceDefinition | undefined);
    if (errors.length === 0) warnOfFormats(crd, context);
    return errors;
  },
  /** The first DELETE only marks: it is then that the finalizer is set. */
  holdsBackDeletion: (object) => object.metadata.deletionTimestamp === undefined,
  onMarkedForDeletion(object: KubeObject, old: KubeObject) {
    if (old.metadata.deletionTimestamp !== undefined) return;
    const { metadata } = object;
    // The first mark on a definition is neither a change of what is wished for nor a grace of none.
    delete metadata.deletionGracePeriodSeconds;
    if (metadata.generation) metadata.generation--;
    // Nor is it asked what becomes of dependents.
    metadata.finalizers = [...new Set([...(old.metadata.finalizers ?? []), cleanupFinalizer])];
    setCondition(object as CustomResourceDefinition, {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    });
  },
};

function warnOfFormats({ spec }: CustomResourceDefinition, context: WriteContext): void {
  const unknown = new Set<string>();
  for (const { schema } of spec.versions ?? []) {
    if (!schema?.openAPIV3Schema) continue;
    for (const part of partsOf(schema.openAPIV3Schema)) if (part.format && !formatOf(part)) unknown.add(part.format);
  }
  for (const format of [...unknown].sort()) context.warn(`unrecognized format ${JSON.stringify(format)}`);
}
