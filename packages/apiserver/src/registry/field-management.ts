import type { AnyKind, KubeObject } from '@coracle/api/kind';
import type { Write } from './admission.ts';

/** Records who set which fields in metadata.managedFields. */
export function recordManager(_kind: AnyKind, _object: KubeObject, _old: KubeObject | undefined, _write: Write): void {}
