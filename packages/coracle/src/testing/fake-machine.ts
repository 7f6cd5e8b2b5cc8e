import type { Machine } from '../system/machine.ts';

/** A system manager that only notes what it is asked, and whose units run well but while `sick` says otherwise. */
export function fakeMachine(sick: () => boolean = () => false): Machine & { asked: string[] } {
  const asked: string[] = [];
  const note = (what: string) => async (): Promise<void> => {
    asked.push(what);
  };
  let starts = 0;
  return {
    asked,
    running: true,
    steady: { checked: 0, unchecked: 0 },
    reload: note('reload'),
    async start() {
      starts += 1;
      asked.push('start');
    },
    stop: note('stop'),
    async restart() {
      starts += 1;
      asked.push('restart');
    },
    createFiles: note('create files'),
    unmount: async () => {},
    discard: note('discard'),
    state: async () => ({ active: sick() ? 'failed' : 'active', sub: 'running', restarts: 0, invocation: `${starts}` }),
    log: async () => ['the last line it wrote'],
    exec: async () => true,
  };
}
