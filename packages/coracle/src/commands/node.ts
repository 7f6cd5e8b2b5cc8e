import { commandGroup } from '../cli/command.ts';

export default commandGroup({
  name: 'node',
  about: 'add, remove, stop, start and look into the nodes of a cluster',
  description: 'Works on single nodes of a cluster of system containers.',
  verbs: {
    add: () => import('./node/add.ts'),
    remove: () => import('./node/remove.ts'),
    start: () => import('./node/start.ts'),
    stop: () => import('./node/stop.ts'),
    kill: () => import('./node/kill.ts'),
    exec: () => import('./node/exec.ts'),
    logs: () => import('./node/logs.ts'),
  },
});
