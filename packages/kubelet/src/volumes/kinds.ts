import type { Pod, Volume } from '@coracle/api/types/core/v1';
import type { ObjectSource } from '../environment/environment.ts';
import type { PodFacts } from '../environment/field-ref.ts';
import type { TokenSource } from './service-account-token.ts';

/** What a volume may need to be made. */
export interface VolumeContext {
  pod: Pod;
  volume: Volume;
  /** The volume's own folder below the pod's. */
  folder: string;
  objects: ObjectSource;
  tokens: TokenSource;
  facts: PodFacts;
}

/** One type of volume. */
export interface VolumeKind {
  /** The part of the folder's name that tells the type, as upstream's plugins name theirs. */
  readonly folder: string;
  /** Makes the volume ready; called again on every sync, so it must be idempotent. Returns the path to mount in containers. */
  setUp(context: VolumeContext): Promise<string>;
}
