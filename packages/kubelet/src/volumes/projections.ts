import type {
  ConfigMapProjection,
  Container,
  DownwardAPIVolumeFile,
  KeyToPath,
  SecretProjection,
  ServiceAccountTokenProjection,
} from '@coracle/api/types/core/v1';
import { fieldRef, resourceFieldRef } from '../environment/field-ref.ts';
import type { ProjectedFile } from './atomic-writer.ts';
import type { VolumeContext } from './kinds.ts';

export type Files = Map<string, ProjectedFile>;

const defaultMode = 0o644;

/** The files a ConfigMap contributes: all keys under their own names, or the listed ones under their paths. */
export async function configMapFiles(
  context: VolumeContext,
  from: ConfigMapProjection,
  mode = defaultMode,
): Promise<Files> {
  const { name = '', optional, items } = from;
  const object = await context.objects.configMap(context.pod.metadata.namespace ?? '', name);
  if (!object && !optional) throw new Error(`configmap "${name}" not found`);
  const data = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(object?.data ?? {})) data.set(key, Buffer.from(value, 'utf8'));
  for (const [key, value] of Object.entries(object?.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
  return select(data, items, mode, optional ?? false, 'config');
}

/** The files a Secret contributes. */
export async function secretFiles(context: VolumeContext, from: SecretProjection, mode = defaultMode): Promise<Files> {
  const { name = '', optional, items } = from;
  const object = await context.objects.secret(context.pod.metadata.namespace ?? '', name);
  if (!object && !optional) throw new Error(`secret "${name}" not found`);
  const data = new Map(Object.entries(object?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
  return select(data, items, mode, optional ?? false, 'secret');
}

/** The files that tell a pod about itself. */
export function downwardFiles(
  context: VolumeContext,
  items: readonly DownwardAPIVolumeFile[],
  mode = defaultMode,
): Files {
  const { pod, facts } = context;
  const files: Files = new Map();
  for (const item of items) {
    const text = item.fieldRef
      ? fieldRef(item.fieldRef, pod, facts)
      : resourceFieldRef(item.resourceFieldRef!, containerNamed(context, item.resourceFieldRef!.containerName), facts);
    files.set(item.path, { data: Buffer.from(text), mode: item.mode ?? mode });
  }
  return files;
}

/** The file with a service account token. Containers that all run as one user (or share fsGroup) get it unreadable for others. */
export async function tokenFiles(
  context: VolumeContext,
  from: ServiceAccountTokenProjection,
  mode = defaultMode,
): Promise<Files> {
  const { pod, tokens } = context;
  const token = await tokens.token(pod, from);
  const uid = soleUser(context);
  const narrow = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  return new Map([[from.path, { data: Buffer.from(token), mode: narrow ? 0o600 : mode, uid }]]);
}

function select(
  data: Map<string, Buffer>,
  items: KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
  noun: string,
): Files {
  const files: Files = new Map();
  if (!items?.length) {
    for (const [key, bytes] of data) files.set(key, { data: bytes, mode });
    return files;
  }
  for (const item of items) {
    const bytes = data.get(item.key);
    if (bytes) files.set(item.path, { data: bytes, mode: item.mode ?? mode });
    else if (!optional) throw new Error(`references non-existent ${noun} key: ${item.key}`);
  }
  return files;
}

function containerNamed({ pod }: VolumeContext, name: string | undefined): Container {
  const found = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((each) => each.name === name);
  if (!found) throw new Error(`container "${name}" not found`);
  return found;
}

/** The user of all containers, when every one runs as the same. */
function soleUser({ pod }: VolumeContext): number | undefined {
  const users = new Set(
    [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(
      (each) => each.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser,
    ),
  );
  const [user] = users;
  return users.size === 1 ? user : undefined;
}
