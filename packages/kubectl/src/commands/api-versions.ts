import type { Command } from '../cli/command.ts';
import { UsageFailure } from '../cli/failure.ts';

export const command: Command = {
  name: 'api-versions',
  short: 'List the group-versions the server has',
  usage: 'api-versions',
  async run({ args, path, session, terminal }) {
    if (args.length > 0) throw new UsageFailure(path, `unexpected arguments: [${args.join(' ')}]`);
    const { discovered } = await session.mapper();
    for (const groupVersion of discovered.groupVersions.toSorted()) terminal.stdout.write(`${groupVersion}\n`);
  },
};
