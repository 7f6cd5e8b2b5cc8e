import { type CheckPod, containersOf, counted, quotedList, sorted } from './check.ts';

/** No unmasked /proc. */
export const procMount: CheckPod = (spec) => {
  const bad = containersOf(spec).flatMap(({ name, securityContext }) => {
    const type = securityContext?.procMount;
    return type === undefined || type === 'Default' ? [] : [{ name, type }];
  });
  if (bad.length === 0) return undefined;
  const who = counted(
    'container',
    bad.map(({ name }) => name),
  );
  const types = quotedList(sorted(bad.map(({ type }) => type)));
  return { reason: 'procMount', detail: `${who} must not set securityContext.procMount to ${types}` };
};

/** Kernel settings that each pod has for itself, and no others. */
export function sysctls(allowed: readonly string[]): CheckPod {
  const safe = new Set(allowed);
  return (spec) => {
    const bad = (spec.securityContext?.sysctls ?? []).flatMap(({ name }) => (safe.has(name) ? [] : [name]));
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
  };
}
