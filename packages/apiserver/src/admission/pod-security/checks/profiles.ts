import type { PodSpec, SELinuxOptions, SecurityContext } from '@coracle/api/types/core/v1';
import type { ObjectMeta } from '@coracle/api/types/meta/v1';
import { type CheckPod, containersOf, containersWith, counted, quotedList, setters, sorted } from './check.ts';

const allowedTypes = new Set(['RuntimeDefault', 'Localhost']);
const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

type Profile = 'appArmorProfile' | 'seccompProfile';

/** What sets a type of profile that is not allowed, and which. */
function badProfiles(spec: PodSpec, field: Profile): { pod: boolean; containers: string[]; types: string[] } {
  const bad = (context: Pick<SecurityContext, Profile> | undefined) => {
    const type = context?.[field]?.type;
    return type !== undefined && !allowedTypes.has(type) ? type : undefined;
  };
  const ofPod = bad(spec.securityContext);
  const found = containersOf(spec).map(({ name, securityContext }) => ({ name, type: bad(securityContext) }));
  return {
    pod: ofPod !== undefined,
    containers: found.flatMap(({ name, type }) => (type === undefined ? [] : [name])),
    types: sorted([ofPod, ...found.map(({ type }) => type)].filter((type) => type !== undefined)),
  };
}

/** No AppArmor profile that weakens the runtime's. */
export const appArmorProfile: CheckPod = (spec, metadata) => {
  const { pod, containers, types } = badProfiles(spec, 'appArmorProfile');
  const annotations = badAnnotations(
    metadata,
    (key) => key.startsWith(appArmorPrefix),
    (value) => value === '' || value === 'runtime/default' || value.startsWith('localhost/'),
  );
  const values = [...types, ...annotations];
  if (values.length === 0) return undefined;
  const fields = setters(pod, containers);
  const who = [
    ...(fields === '' ? [] : [fields]),
    ...(annotations.length === 0 ? [] : [annotations.length === 1 ? 'annotation' : 'annotations']),
  ];
  return {
    reason: values.length === 1 ? 'forbidden AppArmor profile' : 'forbidden AppArmor profiles',
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quotedList(values)}`,
  };
};

/** No seccomp profile in annotations that weakens the runtime's: how it was said before v1.19. */
export const seccompAnnotations: CheckPod = (spec, metadata) => {
  const keys = new Set([seccompOfPod, ...containersOf(spec).map(({ name }) => `${seccompPrefix}${name}`)]);
  const bad = badAnnotations(
    metadata,
    (key) => keys.has(key),
    (value) => value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/'),
  );
  if (bad.length === 0) return undefined;
  const what = bad.length === 1 ? 'annotation' : 'annotations';
  return { reason: 'seccompProfile', detail: `forbidden ${what} ${bad.join(', ')}` };
};

function badAnnotations(
  { annotations = {} }: ObjectMeta,
  isMeant: (key: string) => boolean,
  isAllowed: (value: string) => boolean,
): string[] {
  return Object.entries(annotations)
    .flatMap(([key, value]) => (isMeant(key) && !isAllowed(value) ? [`${key}=${JSON.stringify(value)}`] : []))
    .sort();
}

/** No seccomp profile that weakens the runtime's. */
export const baselineSeccomp: CheckPod = (spec) => {
  const { pod, containers, types } = badProfiles(spec, 'seccompProfile');
  if (types.length === 0) return undefined;
  const who = setters(pod, containers);
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${quotedList(types)}`,
  };
};

/** A seccomp profile for every container, its own or the pod's. */
export const restrictedSeccomp: CheckPod = (spec, metadata) => {
  const bad = baselineSeccomp(spec, metadata);
  if (bad || spec.securityContext?.seccompProfile) return bad;
  const without = containersWith(spec, (context) => context.seccompProfile === undefined);
  if (without.length === 0) return undefined;
  const who = counted('container', without);
  return {
    reason: 'seccompProfile',
    detail: `pod or ${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};

/** SELinux types made for containers, and no users and roles. */
export function seLinuxOptions(types: readonly string[]): CheckPod {
  const allowed = new Set(['', ...types]);
  return (spec) => {
    const found: SELinuxOptions[] = [];
    const isBad = (options: SELinuxOptions | undefined): boolean => {
      if (!options || (allowed.has(options.type ?? '') && !options.user && !options.role)) return false;
      found.push(options);
      return true;
    };
    const pod = isBad(spec.securityContext?.seLinuxOptions);
    const containers = containersWith(spec, (context) => isBad(context.seLinuxOptions));
    if (found.length === 0) return undefined;
    const bad = sorted(found.map(({ type = '' }) => type).filter((type) => !allowed.has(type)));
    const what = [
      ...(bad.length === 0 ? [] : [counted('type', bad)]),
      ...(found.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(found.some(({ role }) => role) ? ['role may not be set'] : []),
    ];
    return {
      reason: 'seLinuxOptions',
      detail: `${setters(pod, containers)} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
    };
  };
}
