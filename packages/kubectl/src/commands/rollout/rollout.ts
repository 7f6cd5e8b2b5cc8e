import type { Command } from '../../cli/command.ts';
import { history } from './history.ts';
import { pause, restart, resume } from './patches.ts';
import { status } from './status.ts';
import { undo } from './undo.ts';

export const command: Command = {
  name: 'rollout',
  short: 'Watch, undo, restart or pause a rollout',
  usage: 'rollout SUBCOMMAND',
  examples:
    'kubectl rollout status deployment/web\nkubectl rollout undo deployment/web\nkubectl rollout restart deployment -l app=web',
  subcommands: [history, pause, restart, resume, status, undo],
};
