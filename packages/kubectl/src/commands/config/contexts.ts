import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure, UsageFailure } from '../../cli/failure.ts';
import { defaultFile, removeEntry, saveCurrentContext, saveEntry } from './saving.ts';

export const useContext: Command = {
  name: 'use-context',
  aliases: ['use'],
  short: 'Make a context the current one',
  usage: 'config use-context CONTEXT_NAME',
  async run(call) {
    const { args, path, session, terminal } = call;
    if (args.length !== 1) throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
    const [name = ''] = args;
    if (name === '') throw new CommandFailure('empty context names are not allowed');
    if (!session.startingConfig.contexts.has(name))
      throw new CommandFailure(`no context exists with the name: ${JSON.stringify(name)}`);
    saveCurrentContext(call, name);
    terminal.stdout.write(`Switched to context ${JSON.stringify(name)}.\n`);
  },
};

export const renameContext: Command = {
  name: 'rename-context',
  short: 'Rename a context',
  usage: 'config rename-context CONTEXT_NAME NEW_NAME',
  async run(call) {
    const { args, path, session, terminal } = call;
    if (args.length !== 2) throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
    const [from = '', to = ''] = args;
    const { contexts, currentContext } = session.startingConfig;
    const entry = contexts.get(from);
    if (!entry)
      throw new CommandFailure(`cannot rename the context ${JSON.stringify(from)}, it's not in ${defaultFile(call)}`);
    if (contexts.has(to))
      throw new CommandFailure(
        `cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${defaultFile(call)}`,
      );
    removeEntry(call, 'contexts', from);
    saveEntry(call, 'contexts', to, entry.value);
    if (currentContext === from) saveCurrentContext(call, to);
    terminal.stdout.write(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.\n`);
  },
};

export const deleteContext: Command = {
  name: 'delete-context',
  short: 'Delete a context',
  usage: 'config delete-context NAME',
  async run(call) {
    const name = remove(call, 'contexts', 'context');
    if (call.session.startingConfig.currentContext === name) {
      call.terminal.stderr.write(
        `warning: this removed your active context, use "kubectl config use-context" to select a different one\n`,
      );
    }
    call.terminal.stdout.write(`deleted context ${name} from ${defaultFile(call)}\n`);
  },
};

export const deleteCluster: Command = {
  name: 'delete-cluster',
  short: 'Delete a cluster',
  usage: 'config delete-cluster NAME',
  async run(call) {
    call.terminal.stdout.write(`deleted cluster ${remove(call, 'clusters', 'cluster')} from ${defaultFile(call)}\n`);
  },
};

export const deleteUser: Command = {
  name: 'delete-user',
  short: 'Delete a user',
  usage: 'config delete-user NAME',
  async run(call) {
    call.terminal.stdout.write(`deleted user ${remove(call, 'users', 'user')} from ${defaultFile(call)}\n`);
  },
};

function remove(call: Call, part: 'contexts' | 'clusters' | 'users', word: string): string {
  const { args, path, session } = call;
  if (args.length !== 1) throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
  const [name = ''] = args;
  if (!session.startingConfig[part].has(name))
    throw new CommandFailure(`cannot delete ${word} ${name}, not in ${defaultFile(call)}`);
  removeEntry(call, part, name);
  return name;
}
