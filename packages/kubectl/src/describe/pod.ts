import type { KubeObject } from '@coracle/api/kind';
import { controllerOf } from '@coracle/api/meta/owner';
import type { Pod } from '@coracle/api/types/core/v1';
import { describeContainers, describeResources } from './containers.ts';
import { Description, longTime } from './description.ts';
import { since } from './events.ts';
import { describeSpread, describeTolerations } from './pod-template.ts';
import { describeVolumes } from './volumes.ts';

export function describePod(pod: Pod): Description {
  const out = new Description();
  const { metadata, spec, status = {} } = pod;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  if (spec.priority !== undefined) out.line(0, `Priority:\t${spec.priority}`);
  if (spec.priorityClassName) out.line(0, `Priority Class Name:\t${spec.priorityClassName}`);
  if (spec.runtimeClassName) out.line(0, `Runtime Class Name:\t${spec.runtimeClassName}`);
  if (spec.serviceAccountName) out.line(0, `Service Account:\t${spec.serviceAccountName}`);
  out.line(0, `Node:\t${spec.nodeName ? `${spec.nodeName}/${status.hostIP ?? ''}` : '<none>'}`);
  if (status.startTime) out.line(0, `Start Time:\t${longTime(status.startTime)}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  describePhase(out, pod);
  if (status.reason) out.line(0, `Reason:\t${status.reason}`);
  if (status.message) out.line(0, `Message:\t${status.message}`);
  const seccomp = spec.securityContext?.seccompProfile;
  if (seccomp) {
    out.line(0, `SeccompProfile:\t${seccomp.type}`);
    if (seccomp.type === 'Localhost') out.line(0, `LocalhostProfile:\t${seccomp.localhostProfile}`);
  }
  out.line(0, `IP:\t${status.podIP ?? ''}`);
  if (status.podIPs?.length) {
    out.line(0, 'IPs:');
    for (const { ip } of status.podIPs) out.line(1, `IP:\t${ip}`);
  } else out.line(0, 'IPs:\t<none>');
  const owner = controlledBy(pod);
  if (owner) out.line(0, `Controlled By:\t${owner}`);
  if (status.nominatedNodeName) out.line(0, `NominatedNodeName:\t${status.nominatedNodeName}`);
  if (spec.resources) {
    out.line(0, 'Resources:');
    describeResources(out, spec.resources, 1);
  }
  const fieldValue = (path: string): string => podField(pod, path);
  if (spec.initContainers?.length) {
    describeContainers(out, 'Init Containers', spec.initContainers, {
      space: '',
      statuses: status.initContainerStatuses,
      fieldValue,
    });
  }
  describeContainers(out, 'Containers', spec.containers, { space: '', statuses: status.containerStatuses, fieldValue });
  describeReadiness(out, pod);
  describeVolumes(out, spec.volumes, '');
  out.line(0, `QoS Class:\t${status.qosClass ?? ''}`);
  out.labels('Node-Selectors', spec.nodeSelector);
  describeTolerations(out, 'Tolerations', spec.tolerations);
  describeSpread(out, spec.topologySpreadConstraints, '');
  return out;
}

/** `ReplicaSet/web-5d9c` for an object that a controller owns; else undefined. */
export function controlledBy(object: KubeObject): string | undefined {
  const owner = controllerOf(object);
  return owner && `${owner.kind}/${owner.name}`;
}

function describePhase(out: Description, { metadata, status = {} }: Pod): void {
  if (metadata.deletionTimestamp && status.phase !== 'Failed' && status.phase !== 'Succeeded') {
    out.line(0, `Status:\tTerminating (lasts ${since(metadata.deletionTimestamp)})`);
    out.line(0, `Termination Grace Period:\t${metadata.deletionGracePeriodSeconds ?? 0}s`);
  } else out.line(0, `Status:\t${status.phase ?? ''}`);
}

function describeReadiness(out: Description, { spec, status = {} }: Pod): void {
  const conditions = status.conditions ?? [];
  if (spec.readinessGates?.length) {
    out.line(0, 'Readiness Gates:');
    out.line(1, 'Type\tStatus');
    for (const { conditionType } of spec.readinessGates) {
      out.line(1, `${conditionType} \t${conditions.find((each) => each.type === conditionType)?.status ?? '<none>'} `);
    }
  }
  if (conditions.length === 0) return;
  out.line(0, 'Conditions:');
  out.line(1, 'Type\tStatus');
  for (const { type, status: value } of conditions) out.line(1, `${type} \t${value} `);
}

/** A field that the downward API can name; empty where it is not known. */
function podField({ metadata, spec, status }: Pod, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? '';
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': status?.podIP,
    'status.podIPs': status?.podIPs?.map(({ ip }) => ip).join(','),
    'status.hostIP': status?.hostIP,
    'status.hostIPs': status?.hostIPs?.map(({ ip }) => ip).join(','),
  };
  return fields[path] ?? '';
}
