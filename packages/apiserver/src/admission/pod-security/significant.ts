import type { Container, EphemeralContainer, Pod } from '@coracle/api/types/core/v1';

const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';

/** Whether an update changes what standards look at; of a running pod little can change. Others are let through, so that old pods can be labelled and finalized. */
export function isSignificant(pod: Pod, old: Pod): boolean {
  const annotation = (it: Pod, key: string) => it.metadata.annotations?.[key] ?? '';
  const differs = (now: Container | EphemeralContainer, before: Container | EphemeralContainer | undefined) =>
    before === undefined ||
    now.image !== before.image ||
    annotation(pod, seccompPrefix + now.name) !== annotation(old, seccompPrefix + now.name);
  if (annotation(pod, seccompOfPod) !== annotation(old, seccompOfPod)) return true;
  for (const list of ['containers', 'initContainers'] as const) {
    const [now, before] = [pod.spec[list] ?? [], old.spec[list] ?? []];
    if (now.length !== before.length || now.some((each, i) => differs(each, before[i]))) return true;
  }
  const before = old.spec.ephemeralContainers ?? [];
  return (pod.spec.ephemeralContainers ?? []).some((each) =>
    differs(
      each,
      before.find(({ name }) => name === each.name),
    ),
  );
}
