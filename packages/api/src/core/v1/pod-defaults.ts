import type {
  Container,
  EphemeralContainer,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
  Volume,
} from '../../generated/core/v1.ts';
import { roundAmounts } from '../../meta/resources.ts';
import { claimSpecDefaults } from './claim-defaults.ts';
import { isPodLevel } from './pod-resource-validation.ts';
import { podResources } from './pod-resources.ts';
import { isOvercommitted } from './resources-validation.ts';
import { volumeSourceDefaults } from './volume-source-defaults.ts';

/** Fills in a pod template as upstream defaults it, in place. */
export function podTemplateDefaults(template: PodTemplateSpec): void {
  if (template.spec) podSpecDefaults(template.spec);
}

/** Fills in a pod spec as upstream defaults it, in place. */
export function podSpecDefaults(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.securityContext ??= {};
  spec.schedulerName ??= 'default-scheduler';
  if (spec.serviceAccountName && !spec.serviceAccount) spec.serviceAccount = spec.serviceAccountName;
  if (spec.serviceAccount && !spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount;
  for (const volume of spec.volumes ?? []) volumeDefaults(volume);
  for (const container of spec.initContainers ?? []) containerDefaults(container);
  for (const container of spec.containers ?? []) containerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) containerDefaults(container);
}

/** Defaults only a pod itself gets, not a template: service links, ports of the host, requests from limits. */
export function podOnlyDefaults(spec: PodSpec): void {
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) hostPortDefaults(spec);
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const resources = container.resources;
    if (!resources?.limits) continue;
    resources.requests ??= {};
    for (const [name, limit] of Object.entries(resources.limits)) resources.requests[name] ??= limit;
  }
  if (spec.resources?.limits) podRequestDefaults(spec, spec.resources);
}

/** On the host's network a port is the host's. */
function hostPortDefaults(spec: PodSpec): void {
  for (const list of ['containers', 'initContainers'] as const) {
    for (const container of spec[list] ?? [])
      for (const port of container.ports ?? []) if (!port.hostPort) port.hostPort = port.containerPort;
  }
}

/** What a pod as a whole limits and does not request: what its containers request, where they do, else the limit (KEP-2837). */
function podRequestDefaults(spec: PodSpec, resources: ResourceRequirements): void {
  const requests: Record<string, string> = { ...resources.requests };
  for (const [name, sum] of podResources({ ...spec, resources: undefined, overhead: undefined }, 'requests'))
    if (isPodLevel(name) && isOvercommitted(name)) requests[name] ??= sum.toString();
  for (const [name, limit] of Object.entries(resources.limits ?? {})) if (isPodLevel(name)) requests[name] ??= limit;
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

function containerDefaults(container: Container | EphemeralContainer): void {
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= tagOf(container.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
  container.resources ??= {};
  for (const port of container.ports ?? []) {
    port.protocol ??= 'TCP';
  }
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef) variable.valueFrom.fieldRef.apiVersion ||= 'v1';
    if (variable.valueFrom?.resourceFieldRef) variable.valueFrom.resourceFieldRef.divisor ??= '0';
    if (variable.valueFrom?.fileKeyRef) variable.valueFrom.fileKeyRef.optional ??= false;
  }
  roundAmounts(container.resources.requests);
  roundAmounts(container.resources.limits);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe])
    if (probe) probeDefaults(probe);
  // Not on yet: upstream's gate ContainerStopSignals is off.
  delete container.lifecycle?.stopSignal;
  for (const hook of [container.lifecycle?.postStart, container.lifecycle?.preStop]) {
    if (hook?.httpGet) httpGetDefaults(hook.httpGet);
  }
}

function probeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet) httpGetDefaults(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function httpGetDefaults(action: { path?: string; scheme?: string }): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

/** Sources whose files get a default mode, and volumes with no source at all, which become an emptyDir. */
function volumeDefaults(volume: Volume): void {
  const sources = Object.keys(volume).filter(
    (key) => key !== 'name' && (volume as unknown as Record<string, unknown>)[key] != null,
  );
  if (sources.length === 0) volume.emptyDir = {};
  volumeSourceDefaults(volume);
  if (volume.ephemeral?.volumeClaimTemplate) claimSpecDefaults(volume.ephemeral.volumeClaimTemplate.spec);
  if (volume.secret) volume.secret.defaultMode ??= 0o644;
  if (volume.configMap) volume.configMap.defaultMode ??= 0o644;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= 0o644;
    for (const item of volume.downwardAPI.items ?? []) {
      if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
      if (item.resourceFieldRef) item.resourceFieldRef.divisor ??= '0';
    }
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= 0o644;
    for (const source of volume.projected.sources ?? []) {
      for (const item of source.downwardAPI?.items ?? []) {
        if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
        if (item.resourceFieldRef) item.resourceFieldRef.divisor ??= '0';
      }
      if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
      // Not on yet: upstream's gates ClusterTrustBundleProjection and PodCertificateRequest are off.
      delete source.clusterTrustBundle;
      delete source.podCertificate;
    }
  }
  if (volume.image)
    volume.image.pullPolicy ??= tagOf(volume.image.reference ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
}

/** The tag of an image reference: `latest` where it has neither tag nor digest, empty where it has a digest only. */
export function tagOf(image: string): string {
  const [name = '', digest] = image.split('@');
  const tag = /:([\w][\w.-]{0,127})$/.exec(name.slice(name.lastIndexOf('/') + 1))?.[1];
  return tag ?? (digest ? '' : 'latest');
}
