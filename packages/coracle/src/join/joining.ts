import type { Progress } from '../cli/progress.ts';
import type { Machine } from '../system/machine.ts';
import type { SystemPlace } from '../system/place.ts';

/** What joining and leaving work on. */
export interface Joining {
  place: SystemPlace;
  machine: Machine;
  progress: Progress;
  signal: AbortSignal;
}
