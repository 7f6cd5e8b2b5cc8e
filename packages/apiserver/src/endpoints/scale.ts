import { age, count, dated, named, text } from '@coracle/api/columns';
import type { Column, KubeObject, ScalePaths } from '@coracle/api/kind';
import { invalid, Path } from '@coracle/api/meta/field-path';
import { selectorFrom, selectorFromSet } from '@coracle/api/meta/labels';
import { getPath, setPath } from '@coracle/api/meta/object';
import { internalError, invalidObject, notFoundError } from '@coracle/api/meta/status';
import { managersAfterScale, managersOfScale } from '@coracle/api/patch/scale-managers';
import type { Scale } from '@coracle/api/types/autoscaling/v1';
import type { LabelSelector } from '@coracle/api/types/meta/v1';
import type { Write } from '../registry/admission.ts';
import { applied, recordManager } from '../registry/field-management.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { relativeKey } from '../storage/keys.ts';
import { readBody } from './body.ts';
import { type Call, checkName, sentAs, writeOf } from './call.ts';
import { decodeObject } from './decoding.ts';
import { writeOptionsOf } from './options.ts';
import { appliedObject, patchedObject, readPatch, reportRepeated } from './patch-body.ts';
import { checkPlace } from './place.ts';

const expected = { kind: 'Scale', apiVersion: 'autoscaling/v1', type: 'autoscaling/v1.Scale' };

const nameColumn: Column<KubeObject> = text(
  'Name',
  (it) => it.metadata.name,
  'Tells the object apart from others of its kind.',
);
const counts = [
  count<KubeObject>('Desired', (it) => (it as Scale).spec?.replicas, 'How many replicas there are to be.'),
  count<KubeObject>('Available', (it) => (it as Scale).status?.replicas, 'How many replicas there are.'),
];
const columns = [nameColumn, ...counts, age];
const customColumns = [named(nameColumn), ...counts, dated(age)];

/** How the call's scale is to be sent; throws NotAcceptable. */
function sending(call: Call): (scale: Scale) => Promise<void> {
  const send = sentAs<KubeObject>(call, '*v1.Scale', call.kind.dynamic ? customColumns : columns);
  return (scale) => send(scale as KubeObject);
}

/** GET of a scale subresource. */
export async function getScale(call: Call): Promise<void> {
  const { resource, name, namespace } = call;
  checkName(name);
  const send = sending(call);
  const object = (await resource.get(name, namespace)) ?? (await resource.live(relativeKey(name, namespace)));
  if (!object) throw notFoundError(resource.named, name);
  await CachedObject.prepare([object], call.kind);
  const decoded = object.decode(call.kind);
  const paths = call.kind.subresources!.scale!;
  if (call.kind.dynamic && getPath(decoded, paths.spec) === undefined) {
    throw internalError(`the spec replicas field ${JSON.stringify(`.${paths.spec}`)} does not exist`);
  }
  await send(scaleOf(decoded, paths));
}

/** PUT of a scale subresource: sets the number of replicas and nothing else. */
export async function updateScale(call: Call): Promise<void> {
  const { context, machinery } = call;
  const options = writeOptionsOf(context.query, 'UpdateOptions');
  const bytes = await readBody(context);
  const scale = decodeObject(
    bytes,
    context.req.headers['content-type'],
    expected,
    machinery.registry.scheme,
    options.fieldValidation,
    (text) => context.warnings.add(text),
  ) as Scale;
  scale.metadata ??= {};
  context.audit?.request(scale);
  checkPlace(call, scale as KubeObject);
  await writeScale(call, options, () => scale);
}

/** PATCH of a scale subresource: JSON, merge, strategic merge, and apply patches. */
export async function patchScale(call: Call): Promise<void> {
  const { context, kind } = call;
  const options = writeOptionsOf(context.query, 'PatchOptions');
  const patch = await readPatch(context, kind, options);
  if (patch.type !== 'apply') {
    await writeScale(call, options, (current) => patchedObject(patch, current, expected, call, options) as Scale);
    return;
  }
  const write = { ...writeOf(call, options), applied: true };
  await writeScale(
    call,
    options,
    (current) => {
      const scale = applied(
        expected,
        current as KubeObject,
        appliedObject(patch, expected),
        write,
        options.force ?? false,
      );
      reportRepeated(patch, options, call);
      checkPlace(call, scale);
      return scale as Scale;
    },
    write,
  );
}

async function writeScale(
  call: Call,
  options: ReturnType<typeof writeOptionsOf>,
  wanted: (current: Scale) => Scale,
  write: Write = writeOf(call, options),
): Promise<void> {
  const { resource, kind, name, namespace } = call;
  const paths = kind.subresources!.scale!;
  checkName(name);
  const send = sending(call);
  const { object } = await resource.update(
    name,
    namespace,
    (current) => {
      if (!current) throw notFoundError(resource.named, name);
      const { metadata } = current;
      const scale = wanted(managedScale(current, paths));
      const replicas = scale.spec?.replicas ?? 0;
      // Custom resources are held to their schema.
      if (replicas < 0 && !kind.dynamic) {
        throw invalidObject({ group: 'autoscaling', kind: 'Scale' }, name, [
          invalid(new Path('spec.replicas'), replicas, 'must be greater than or equal to 0'),
        ]);
      }
      // What the client named is held against what there is as of every other write.
      if (scale.metadata?.resourceVersion) metadata.resourceVersion = scale.metadata.resourceVersion;
      // A patch of a custom resource's scale makes no other object of it.
      if (scale.metadata?.uid && !(kind.dynamic && write.verb === 'patch')) metadata.uid = scale.metadata.uid;
      if (!write.applied)
        recordManager({ kind: expected }, scale as KubeObject, managedScale(current, paths) as KubeObject, write);
      const entries = managersAfterScale(
        metadata.managedFields,
        // A scale does not show that it is none, so nobody is said to have made it so.
        replicas === 0 ? undefined : scale.metadata?.managedFields,
        paths.spec,
        kind.apiVersion,
      );
      setPath(current, paths.spec, replicas);
      if (entries) metadata.managedFields = entries;
      else delete metadata.managedFields;
      return current;
    },
    // Who manages what is said by the scale.
    { ...write, applied: true },
  );
  await CachedObject.prepare([object], kind);
  await send(scaleOf(object.decode(kind), paths));
}

/** The scale of an object, with who manages its replicas. */
function managedScale(object: KubeObject, paths: ScalePaths): Scale {
  const scale = scaleOf(object, paths);
  const managedFields = managersOfScale(object.metadata.managedFields, paths.spec);
  if (managedFields) scale.metadata!.managedFields = managedFields;
  return scale;
}

/** An object's Scale. */
export function scaleOf(object: KubeObject, paths: ScalePaths): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorOf(object, paths);
  const replicas = getPath(object, paths.spec) as number | undefined;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: (getPath(object, paths.status) as number | undefined) ?? 0,
      ...(selector === undefined ? {} : { selector }),
    },
  };
}

function selectorOf(object: KubeObject, { selector, selectorLabels }: ScalePaths): string | undefined {
  if (selectorLabels !== undefined) {
    const labels = getPath(object, selectorLabels) as Record<string, string> | undefined;
    return labels && selectorFromSet(labels).toString();
  }
  const found = selector === undefined ? undefined : getPath(object, selector);
  if (found === undefined) return undefined;
  return typeof found === 'string' ? found : selectorFrom(found as LabelSelector).toString();
}
