import { flowSchema } from '@coracle/api/flowcontrol/v1/flowschema';
import { exemptName, mandatoryLevels } from '@coracle/api/flowcontrol/v1/mandatory-levels';
import { mandatorySchemas } from '@coracle/api/flowcontrol/v1/mandatory-schemas';
import { priorityLevelConfiguration } from '@coracle/api/flowcontrol/v1/prioritylevelconfiguration';
import { suggestedLevels } from '@coracle/api/flowcontrol/v1/suggested-levels';
import { suggestedSchemas } from '@coracle/api/flowcontrol/v1/suggested-schemas';
import type { Kind, KubeObject } from '@coracle/api/kind';
import { deepEqual } from '@coracle/api/meta/object';
import { readBool } from '@coracle/api/meta/parse-bool';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import type { PriorityLevelConfiguration } from '@coracle/api/types/flowcontrol/v1';
import type { ObjectAccess } from '../registry/access.ts';
import { createOrBring } from './ensure.ts';

/** Says of an object whether its spec is kept up to what this release suggests. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';

const fieldManager = 'api-priority-and-fairness-config-producer-v1';

/**
 * Keeps the FlowSchemas and PriorityLevelConfigurations that every cluster has, as upstream's priority-and-fairness-config-producer: mandatory ones are
 * always brought to what they have to be, suggested ones where nobody has taken them over, and those that are suggested no more go. Safe to repeat,
 * beside other servers.
 */
export async function ensureFlowControl(objects: ObjectAccess): Promise<void> {
  // Levels first, so that no schema is without its own.
  await keep(objects, priorityLevelConfiguration, mandatoryLevels, suggestedLevels, takeLevelSpec);
  await keep(objects, flowSchema, mandatorySchemas, suggestedSchemas, (_current, { spec }) => spec);
}

type Specified = KubeObject & { spec: unknown };

async function keep<T extends Specified>(
  objects: ObjectAccess,
  kind: Kind<T>,
  mandatory: readonly T[],
  suggested: readonly T[],
  specOf: (current: T, wanted: T) => T['spec'],
): Promise<void> {
  const isMandatory = new Set(mandatory);
  const all = [...mandatory, ...suggested];
  for (const wanted of all) {
    const upToDate = (current: T) => brought(current, specOf(current, wanted), isMandatory.has(wanted));
    const metadata = { name: wanted.metadata.name!, annotations: { [autoUpdateAnnotation]: 'true' } };
    await createOrBring(objects, kind, { ...wanted, metadata }, upToDate, { fieldManager });
  }
  const names = new Set(all.map(({ metadata }) => metadata.name));
  for (const { metadata } of objects.cachedList(kind)) {
    if (!names.has(metadata.name) && isAutoUpdated(metadata)) await removeObsolete(objects, kind, metadata);
  }
}

/** An object with the spec and annotation it has to have; undefined where it has them already. */
function brought<T extends Specified>(current: T, spec: T['spec'], isMandatory: boolean): T | undefined {
  const { metadata } = current;
  const said = isAutoUpdated(metadata);
  // Where nobody has said anything, what nobody has changed is still ours.
  const isKept = isMandatory || (said ?? metadata.generation === 1);
  const next = isKept ? spec : current.spec;
  if (said === isKept && deepEqual(current.spec, next)) return undefined;
  if (said === isKept) return { ...current, spec: structuredClone(next) };
  const annotations = { ...metadata.annotations, [autoUpdateAnnotation]: String(isKept) };
  return { ...current, metadata: { ...metadata, annotations }, spec: structuredClone(next) };
}

/** What an object says of itself; undefined where it says nothing that can be read. */
function isAutoUpdated({ annotations }: KubeObject['metadata']): boolean | undefined {
  return readBool(annotations?.[autoUpdateAnnotation] ?? '');
}

/** What the exempt level has of seats to lend is for administrators to say. */
function takeLevelSpec(current: PriorityLevelConfiguration, wanted: PriorityLevelConfiguration) {
  const { exempt } = current.spec;
  return wanted.metadata.name === exemptName && exempt ? { ...wanted.spec, exempt } : wanted.spec;
}

async function removeObsolete<T extends KubeObject>(
  objects: ObjectAccess,
  kind: Kind<T>,
  { name = '', uid, resourceVersion }: KubeObject['metadata'],
): Promise<void> {
  try {
    await objects.delete(kind, name, undefined, { preconditions: { uid: uid!, resourceVersion: resourceVersion! } });
  } catch (error) {
    // It is gone, or was changed just now: then the next look at it decides.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
