import type { ObjectMeta } from '../../generated/meta/v1.ts';

/** On the object that shows a static pod in the API, the hash of the file that it stands for. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** Whether a pod is the image of one that a kubelet runs from a file: the API can show it, and not change it. */
export const isMirror = ({ metadata }: { metadata: ObjectMeta }): boolean =>
  metadata.annotations?.[mirrorAnnotation] !== undefined;
