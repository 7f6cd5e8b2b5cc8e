import type { Pod, PodSpec } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, invalid, type Path } from '../../meta/field-path.ts';
import { mirrorAnnotation } from './static-pods.ts';

/** Before the profile of a container: what AppArmor was asked for by before v1.30. */
export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';

const profile = /^(runtime\/default|unconfined|localhost\/.*)?$/;

/** Errors of annotations of a pod that mean something. */
export function validatePodAnnotations({ metadata: { annotations }, spec }: Pod, at: Path): FieldError[] {
  if (!annotations) return [];
  const errors: FieldError[] = [];
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && !spec?.nodeName)
    errors.push(invalid(at.key(mirrorAnnotation), mirror, 'must set spec.nodeName if mirror pod annotation is set'));
  const cost = annotations[deletionCost];
  if (cost !== undefined && !isInt32(cost)) errors.push(invalid(at.key(deletionCost), cost, 'must be a 32bit integer'));
  let containers: ReadonlySet<string> | undefined;
  for (const key in annotations) {
    if (!key.startsWith(appArmorPrefix)) continue;
    containers ??= containerNames(spec);
    const name = key.slice(appArmorPrefix.length);
    if (!containers.has(name)) errors.push(invalid(at.key(key), name, 'container not found'));
    const value = annotations[key]!;
    if (!profile.test(value))
      errors.push(invalid(at.key(key), value, `invalid AppArmor profile name: ${JSON.stringify(value)}`));
  }
  return errors;
}

/** Errors of a change of them: what a pod was started with it stays with. */
export function validatePodAnnotationsUpdate(it: Pod, old: Pod, at: Path): FieldError[] {
  const [now, before] = [it.metadata.annotations ?? {}, old.metadata.annotations ?? {}];
  const errors: FieldError[] = [];
  const report = (key: string, what: string) => {
    if (key.startsWith(appArmorPrefix)) errors.push(forbidden(at.key(key), `may not ${what} AppArmor annotations`));
    if (key === mirrorAnnotation) errors.push(forbidden(at.key(key), `may not ${what} mirror pod annotation`));
  };
  for (const key in before) if (now[key] !== before[key]) report(key, 'remove or update');
  for (const key in now) if (!Object.hasOwn(before, key)) report(key, 'add');
  return errors;
}

function containerNames(spec: PodSpec | undefined): ReadonlySet<string> {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec ?? {};
  return new Set([...containers, ...initContainers, ...ephemeralContainers].map(({ name }) => name));
}

function isInt32(text: string): boolean {
  // Neither a plus sign nor zeros in front.
  if (!/^(0|-?[1-9]\d*)$/.test(text)) return false;
  return Math.abs(Number(text) + 0.5) < 2 ** 31;
}
