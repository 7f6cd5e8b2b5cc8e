import { shownAccessModes } from '@coracle/api/core/v1/access-modes';
import { storageClassOf } from '@coracle/api/core/v1/class-annotation';
import { isDefaultClass } from '@coracle/api/storage/default-class';
import { defaultStorageClassAnnotations } from '@coracle/api/storage/v1/storageclass';
import type { CSIPersistentVolumeSource, NodeSelectorRequirement, PersistentVolume } from '@coracle/api/types/core/v1';
import type { CSINode, StorageClass, VolumeAttributesClass } from '@coracle/api/types/storage/v1';
import { labelText } from '../print/table.ts';
import { terminating } from './claim.ts';
import { Description, longTime } from './description.ts';
import { attributeEntries, sharedSourceLines } from './volume-sources.ts';

export function describePersistentVolume({ metadata, spec, status = {} }: PersistentVolume): Description {
  const out = new Description();
  out.line(0, `Name:\t${metadata.name}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, `Finalizers:\t[${(metadata.finalizers ?? []).join(' ')}]`);
  out.line(0, `StorageClass:\t${storageClassOf({ metadata, spec })}`);
  if (metadata.deletionTimestamp) out.line(0, `Status:\t${terminating(metadata)}`);
  else out.line(0, `Status:\t${status.phase ?? ''}`);
  const { claimRef } = spec;
  out.line(0, `Claim:\t${claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : ''}`);
  out.line(0, `Reclaim Policy:\t${spec.persistentVolumeReclaimPolicy ?? ''}`);
  out.line(0, `Access Modes:\t${shownAccessModes(spec.accessModes)}`);
  if (spec.volumeMode) out.line(0, `VolumeMode:\t${spec.volumeMode}`);
  out.line(0, `Capacity:\t${spec.capacity?.['storage'] ?? '0'}`);
  describeNodeAffinity(out, spec.nodeAffinity);
  out.line(0, `Message:\t${status.message ?? ''}`);
  out.line(0, 'Source:');
  describeSource(out, spec);
  return out;
}

function describeNodeAffinity(out: Description, affinity: PersistentVolume['spec']['nodeAffinity']): void {
  if (!affinity?.required) {
    out.line(0, 'Node Affinity:\t<none>');
    return;
  }
  out.line(0, 'Node Affinity:\t');
  const terms = affinity.required.nodeSelectorTerms ?? [];
  out.line(1, `Required Terms:\t${terms.length === 0 ? '<none>' : ''}`);
  for (const [i, term] of terms.entries()) describeTerm(out, 2, `Term ${i}`, term.matchExpressions ?? []);
}

function describeTerm(
  out: Description,
  level: number,
  title: string,
  requirements: readonly Pick<NodeSelectorRequirement, 'key' | 'operator' | 'values'>[],
): void {
  if (requirements.length === 0) out.line(level, `${title}:\t<none>`);
  for (const [i, { key, operator, values }] of requirements.entries()) {
    const wanted = values?.length ? ` [${values.join(', ')}]` : '';
    out.line(level, `${i === 0 ? `${title}:` : ''}\t${key} ${operator.toLowerCase()}${wanted}`);
  }
}

function describeSource(out: Description, spec: PersistentVolume['spec']): void {
  const lines = sharedSourceLines(spec, true);
  if (spec.csi) describeCsi(out, spec.csi);
  else if (lines) for (const line of lines) out.line(2, line);
  else out.line(1, '<unknown>');
}

function describeCsi(out: Description, source: CSIPersistentVolumeSource): void {
  const { driver, fsType, volumeHandle, readOnly, volumeAttributes } = source;
  out.line(2, 'Type:\tCSI (a Container Storage Interface (CSI) volume source)');
  out.line(2, `Driver:\t${driver}`);
  out.line(2, `FSType:\t${fsType ?? ''}`);
  out.line(2, `VolumeHandle:\t${volumeHandle}`);
  out.line(2, `ReadOnly:\t${readOnly ?? false}`);
  out.nestedEntries('VolumeAttributes', attributeEntries(volumeAttributes), '<none>');
}

export function describeStorageClass(it: StorageClass): Description {
  const out = new Description();
  const { metadata } = it;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `IsDefaultClass:\t${isDefaultClass(it, defaultStorageClassAnnotations) ? 'Yes' : 'No'}`);
  out.line(0, `Annotations:\t${labelText(metadata.annotations)}`);
  out.line(0, `Provisioner:\t${it.provisioner}`);
  out.line(0, `Parameters:\t${labelText(it.parameters)}`);
  out.line(
    0,
    `AllowVolumeExpansion:\t${it.allowVolumeExpansion === undefined ? '<unset>' : titled(it.allowVolumeExpansion)}`,
  );
  if (it.mountOptions?.length) {
    out.line(0, 'MountOptions:');
    for (const option of it.mountOptions) out.line(1, option);
  } else out.line(0, 'MountOptions:\t<none>');
  if (it.reclaimPolicy) out.line(0, `ReclaimPolicy:\t${it.reclaimPolicy}`);
  if (it.volumeBindingMode) out.line(0, `VolumeBindingMode:\t${it.volumeBindingMode}`);
  if (it.allowedTopologies) {
    out.line(0, `AllowedTopologies:\t${it.allowedTopologies.length === 0 ? '<none>' : ''}`);
    for (const [i, term] of it.allowedTopologies.entries())
      describeTerm(
        out,
        1,
        `Term ${i}`,
        (term.matchLabelExpressions ?? []).map(({ key, values }) => ({ key, operator: 'In', values })),
      );
  }
  return out;
}

const titled = (yes: boolean): string => (yes ? 'True' : 'False');

export function describeVolumeAttributesClass({
  metadata,
  driverName,
  parameters,
}: VolumeAttributesClass): Description {
  const out = new Description();
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Annotations:\t${labelText(metadata.annotations)}`);
  out.line(0, `DriverName:\t${driverName}`);
  out.line(0, `Parameters:\t${labelText(parameters)}`);
  return out;
}

export function describeCsiNode({ metadata, spec }: CSINode): Description {
  const out = new Description();
  out.line(0, `Name:\t${metadata.name}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  out.line(0, 'Spec:');
  if (spec.drivers) out.line(1, 'Drivers:');
  for (const { name, nodeID, allocatable, topologyKeys } of spec.drivers ?? []) {
    out.line(2, `${name}:`);
    out.line(3, `Node ID:\t${nodeID}`);
    if (allocatable?.count !== undefined) {
      out.line(3, 'Allocatables:');
      out.line(4, `Count:\t${allocatable.count}`);
    }
    if (topologyKeys) out.line(3, `Topology Keys:\t[${topologyKeys.join(' ')}]`);
  }
  return out;
}
