import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often is looked whether the process is busy. */
const periodMs = 5_000;
/** The share of a period that the event loop worked, from which on the process has been busy, and below which it is idle. */
const busy = 0.2;
const idle = 0.05;

/** What an idle collector looks at and does; tests give their own. */
export interface IdleMemoryParts {
  /** The share of the time since it was last asked that the event loop worked, 0 to 1. */
  utilization(): number;
  /** Collects all garbage and gives its memory back to the system. */
  collect(): void;
}

/**
 * Gives back what a load has left behind: V8 collects garbage when something is allocated, so that a process which has become idle keeps its garbage, and
 * a nursery as large as the load wanted it. A process that was busy (its start counts) and is idle again has all of it collected, once. Returns a
 * function that looks, to be called once a period; `keepIdleMemorySmall` does that.
 */
export function idleCollector({ utilization, collect }: IdleMemoryParts): () => void {
  let wasBusy = true;
  return () => {
    const share = utilization();
    if (share >= busy) wasBusy = true;
    else if (share < idle && wasBusy) {
      wasBusy = false;
      collect();
      utilization(); // the collection itself is no load
    }
  };
}

/** Has the idle collector look at this process as long as it runs; keeps no process alive. */
export function keepIdleMemorySmall(): void {
  let last = performance.eventLoopUtilization();
  const look = idleCollector({
    utilization: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
    collect: collector(),
  });
  setInterval(look, periodMs).unref();
}

/** V8's own collection of everything, which is there under a flag only. */
export function collector(): () => void {
  let gc: ((options: { type: 'major'; flavor: 'last-resort' }) => void) | undefined;
  return () => {
    if (!gc) {
      setFlagsFromString('--expose-gc');
      gc = runInNewContext('gc') as typeof gc;
    }
    gc?.({ type: 'major', flavor: 'last-resort' });
  };
}
