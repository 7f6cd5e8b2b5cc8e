import type { ObjectMeta } from '../../generated/meta/v1.ts';

/** The older way to name the storage class of a volume or claim; where it is there, it counts. */
export const storageClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** The storage class of a volume or a claim, empty where it names none. */
export function storageClassOf({
  metadata,
  spec,
}: {
  metadata: ObjectMeta;
  spec: { storageClassName?: string };
}): string {
  return metadata.annotations?.[storageClassAnnotation] ?? spec.storageClassName ?? '';
}
