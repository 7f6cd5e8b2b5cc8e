import { createHash } from 'node:crypto';
import { decodeJson } from '@coracle/api/codec/json';
import { checkObject } from '@coracle/api/codec/strict';
import { parseYamlDocuments } from '@coracle/api/codec/yaml';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { now } from '@coracle/api/meta/time';
import { objectSchemaOf } from '@coracle/api/schema';
import type { Pod } from '@coracle/api/types/core/v1';
import { validateCreate } from '@coracle/api/validate';
import { configHash, configSeen, configSource } from '../pods/names.ts';

/** A manifest file that makes no pod; the message names the file. */
export class ManifestError extends Error {
  override name = 'ManifestError';
}

/**
 * Reads the pod of a manifest file (JSON or YAML) as it will run on `nodeName`: named `<name>-<node>`, identified by a hash of what it
 * says, so that a changed file is another pod. Throws ManifestError.
 */
export function readManifest(file: string, text: string, nodeName: string): Pod {
  const pod = decode(file, text);
  const { metadata } = pod;
  if (!metadata.name)
    throw new ManifestError(`${file}: metadata.name: Required value: name or generateName is required`);
  metadata.name = `${metadata.name}-${nodeName.toLowerCase()}`;
  metadata.namespace ??= 'default';
  metadata.uid = createHash('md5')
    .update(`host:${nodeName}\nfile:${file}\n${JSON.stringify(pod)}`)
    .digest('hex');
  pod.spec.nodeName = nodeName;
  // Taints do not drive away what the node's own files ask for.
  pod.spec.tolerations = [...(pod.spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }];
  metadata.annotations = {
    ...metadata.annotations,
    [configHash]: metadata.uid,
    [configSource]: 'file',
    [configSeen]: now(),
  };
  metadata.creationTimestamp ??= now();
  podKind.defaults?.(pod);
  const reference = referenceToApi(pod);
  if (reference) throw new ManifestError(`${file}: static pods may not reference ${reference}`);
  const errors = validateCreate(podKind, pod).map(({ field, message }) => `${field}: ${message}`);
  if (errors.length > 0) throw new ManifestError(`${file}: invalid pod: [${errors.join(' ')}]`);
  pod.status = { phase: 'Pending' };
  return pod;
}

function decode(file: string, text: string): Pod {
  let value: unknown;
  try {
    value = text.trimStart().startsWith('{') ? decodeJson(text).value : onlyDocument(text);
  } catch (error) {
    throw new ManifestError(`${file}: couldn't parse as pod(${(error as Error).message}), please check config file`);
  }
  const { apiVersion, kind } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  if (apiVersion !== 'v1' || kind !== 'Pod') {
    throw new ManifestError(
      `${file}: no kind ${JSON.stringify(kind ?? '')} is registered for version ${JSON.stringify(apiVersion ?? '')}: static pod manifests are of kind "Pod" and version "v1"`,
    );
  }
  try {
    const { unknown } = checkObject(value, objectSchemaOf('core/v1.Pod'));
    if (unknown.length > 0) throw new Error(`unknown field ${unknown.map((each) => JSON.stringify(each)).join(', ')}`);
  } catch (error) {
    throw new ManifestError(`${file}: ${(error as Error).message}`);
  }
  const pod = value as Pod;
  if (!pod.spec) throw new ManifestError(`${file}: spec: Required value`);
  pod.metadata ??= {};
  return pod;
}

function onlyDocument(text: string): unknown {
  const documents = parseYamlDocuments(text).filter((each) => each.value !== null && each.value !== undefined);
  if (documents.length !== 1) throw new Error(`expected one document, found ${documents.length}`);
  return documents[0]!.value;
}

/** What of the API a pod would need that is no one's to give before there is an API. */
function referenceToApi({ spec }: Pod): string | undefined {
  if (spec.serviceAccountName) return 'serviceaccounts';
  if (spec.imagePullSecrets?.length) return 'secrets';
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      if (configMapRef) return 'configmaps';
      if (secretRef) return 'secrets';
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.configMapKeyRef) return 'configmaps';
      if (valueFrom?.secretKeyRef) return 'secrets';
    }
  }
  for (const volume of spec.volumes ?? []) {
    if (volume.configMap) return 'configmaps';
    if (volume.secret) return 'secrets';
    if (volume.persistentVolumeClaim) return 'persistentvolumeclaims';
    for (const source of volume.projected?.sources ?? []) {
      if (source.configMap) return 'configmaps';
      if (source.secret) return 'secrets';
      if (source.serviceAccountToken) return 'serviceaccounts';
      if (source.clusterTrustBundle) return 'clustertrustbundles';
    }
  }
  return undefined;
}
