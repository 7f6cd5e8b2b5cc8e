import { commandGroup } from '../cli/command.ts';

export default commandGroup({
  name: 'node',
  about: 'add, remove, stop, start and look into the nodes of a cluster; have this machine join one',
  description:
    'Works on single nodes of a cluster of system containers, and on this machine as a node of a cluster elsewhere (join, leave).',
  verbs: {
    add: () => import('./node/add.ts'),
    remove: () => import('./node/remove.ts'),
    start: () => import('./node/start.ts'),
    stop: () => import('./node/stop.ts'),
    kill: () => import('./node/kill.ts'),
    exec: () => import('./node/exec.ts'),
    logs: () => import('./node/logs.ts'),
    join: () => import('./node/join.ts'),
    leave: () => import('./node/leave.ts'),
  },
});
