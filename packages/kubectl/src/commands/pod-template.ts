import { formatJson } from '@coracle/api/codec/go-json';
import { clone } from '@coracle/api/meta/object';
import { createMergePatch } from '@coracle/api/patch/merge-patch';
import { createTwoWayStrategicPatch } from '@coracle/api/patch/strategic';
import type { PodTemplateSpec } from '@coracle/api/types/core/v1';
import { CommandFailure } from '../cli/failure.ts';
import { builtinSchema } from '../manifests/schemas.ts';
import type { AnyObject } from '../resources/resource.ts';
import type { Info } from '../resources/selection.ts';
import type { PatchType } from '../resources/writes.ts';

/** A kind that runs no pods. */
export class NoPodTemplate extends CommandFailure {}

/** The pod template of a workload, or the pod itself; throws for kinds that have none. */
export function podTemplateOf(object: AnyObject): PodTemplateSpec {
  if (object.kind === 'Pod') return object as unknown as PodTemplateSpec;
  const spec = object['spec'] as { template?: PodTemplateSpec } | undefined;
  if (!spec?.template) {
    const version = object.apiVersion.slice(object.apiVersion.indexOf('/') + 1);
    throw new NoPodTemplate(`the object is not a pod or does not have a pod template: *${version}.${object.kind}`);
  }
  return spec.template;
}

/** The patch that `change` (which may change its argument in place) makes; undefined when nothing changed. */
export function patchOf(
  info: Info,
  change: (object: AnyObject) => void,
): { type: PatchType; body: string } | undefined {
  const before = info.object!;
  const after = clone(before);
  change(after);
  const schema = builtinSchema(info.resource);
  const body = formatJson(schema ? createTwoWayStrategicPatch(before, after, schema) : createMergePatch(before, after));
  return body === '{}' ? undefined : { type: schema ? 'strategic' : 'merge', body };
}
