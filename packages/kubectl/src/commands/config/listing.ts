import type { Command } from '../../cli/command.ts';
import { CommandFailure, throwAll, UsageFailure } from '../../cli/failure.ts';
import { boolFlag, stringFlag } from '../../cli/flags.ts';
import { TabWriter, tableColumns } from '../../print/tabwriter.ts';

export const currentContext: Command = {
  name: 'current-context',
  short: 'Show the current context',
  usage: 'config current-context [flags]',
  async run({ session, terminal }) {
    const { currentContext: name } = session.startingConfig;
    if (name === '') throw new CommandFailure('current-context is not set');
    terminal.stdout.write(`${name}\n`);
  },
};

export const getContexts: Command = {
  name: 'get-contexts',
  short: 'List contexts',
  usage: 'config get-contexts [(-o|--output=)name)]',
  flags: [
    boolFlag('no-headers', false, 'Print no header line'),
    stringFlag('output', '', 'Only "name"', { short: 'o' }),
  ],
  async run({ args, flags, session, terminal }) {
    const output = flags.string('output');
    if (output !== '' && output !== 'name') throw new CommandFailure(`output must be one of '' or 'name': ${output}`);
    const { contexts, currentContext: current } = session.startingConfig;
    const failed: CommandFailure[] = [];
    const names = (args.length > 0 ? [...args] : [...contexts.keys()]).sort();
    const writer = new TabWriter((text) => terminal.stdout.write(text), tableColumns);
    if (!flags.bool('no-headers') && output !== 'name') {
      writer.write('CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n');
    }
    for (const name of names) {
      const context = contexts.get(name)?.value;
      if (!context) failed.push(new CommandFailure(`context ${name} not found`));
      else if (output === 'name') writer.write(`${name}\n`);
      else {
        const mark = name === current ? '*' : '';
        writer.write(`${mark}\t${name}\t${context.cluster ?? ''}\t${context.user ?? ''}\t${context.namespace ?? ''}\n`);
      }
    }
    writer.flush();
    throwAll(failed);
  },
};

export const getClusters: Command = {
  name: 'get-clusters',
  short: 'List clusters',
  usage: 'config get-clusters [flags]',
  async run({ args, path, session, terminal }) {
    if (args.length > 0) throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
    terminal.stdout.write(`${['NAME', ...[...session.startingConfig.clusters.keys()].sort()].join('\n')}\n`);
  },
};

export const getUsers: Command = {
  name: 'get-users',
  short: 'List users',
  usage: 'config get-users [flags]',
  async run({ args, path, session, terminal }) {
    if (args.length > 0) throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
    terminal.stdout.write(`${['NAME', ...[...session.startingConfig.users.keys()].sort()].join('\n')}\n`);
  },
};
