import { type CheckPod, containersOf, containersWith, counted, quotedList, setters, sorted } from './check.ts';

/** No containers that are as mighty as the host's root. */
export const privilegedContainers: CheckPod = (spec) => {
  const bad = containersWith(spec, (context) => context.privileged === true);
  if (bad.length === 0) return undefined;
  return {
    reason: 'privileged',
    detail: `${counted('container', bad)} must not set securityContext.privileged=true`,
  };
};

/** No programs that get more privileges than who starts them. */
export const allowPrivilegeEscalation: CheckPod = (spec) => {
  const bad = containersWith(spec, (context) => context.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${counted('container', bad)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

/** What runtimes give without being asked. */
const defaultCapabilities = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

/** No capabilities beyond those that containers have by default. */
export const baselineCapabilities: CheckPod = (spec) => {
  const added = capabilitiesBeyond(spec, defaultCapabilities);
  if (!added) return undefined;
  return { reason: 'non-default capabilities', detail: added };
};

/** No capabilities but that to listen on low ports. */
export const restrictedCapabilities: CheckPod = (spec) => {
  const keeping = containersWith(spec, ({ capabilities }) => !capabilities?.drop?.includes('ALL'));
  const kept =
    keeping.length === 0
      ? undefined
      : `${counted('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`;
  const details = [kept, capabilitiesBeyond(spec, new Set(['NET_BIND_SERVICE']))].filter((each) => each !== undefined);
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

function capabilitiesBeyond(spec: Parameters<CheckPod>[0], allowed: ReadonlySet<string>): string | undefined {
  const found = containersOf(spec).flatMap(({ name, securityContext }) => {
    const beyond = (securityContext?.capabilities?.add ?? []).filter((each) => !allowed.has(each));
    return beyond.length > 0 ? [{ name, beyond }] : [];
  });
  if (found.length === 0) return undefined;
  const containers = counted(
    'container',
    found.map(({ name }) => name),
  );
  const capabilities = quotedList(sorted(found.flatMap(({ beyond }) => beyond)));
  return `${containers} must not include ${capabilities} in securityContext.capabilities.add`;
}

/** Not as root, by every container's own word or the pod's. */
export const runAsNonRoot: CheckPod = (spec) => {
  const reason = 'runAsNonRoot != true';
  const ofPod = spec.securityContext?.runAsNonRoot;
  const asRoot = containersWith(spec, (context) => context.runAsNonRoot === false);
  if (ofPod === false || asRoot.length > 0) {
    return { reason, detail: `${setters(ofPod === false, asRoot)} must not set securityContext.runAsNonRoot=false` };
  }
  const silent = ofPod ? [] : containersWith(spec, (context) => context.runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${counted('container', silent)} must set securityContext.runAsNonRoot=true` };
};

/** Not as the user 0. */
export const runAsUser: CheckPod = (spec) => {
  const pod = spec.securityContext?.runAsUser === 0;
  const containers = containersWith(spec, (context) => context.runAsUser === 0);
  if (!pod && containers.length === 0) return undefined;
  return { reason: 'runAsUser=0', detail: `${setters(pod, containers)} must not set runAsUser=0` };
};
