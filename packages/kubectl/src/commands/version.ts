import { formatJson } from '@coracle/api/codec/go-json';
import { formatYaml } from '@coracle/api/codec/yaml-print';
import type { Command } from '../cli/command.ts';
import { CommandFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { clientVersion } from '../version-info.ts';

interface ServerVersion {
  gitVersion: string;
  major: string;
  minor: string;
}

export const command: Command = {
  name: 'version',
  short: 'Show the versions of client and server',
  usage: 'version [flags]',
  flags: [
    boolFlag('client', false, 'Only the version of this client; asks no server'),
    stringFlag('output', '', 'json or yaml', { short: 'o' }),
  ],
  async run({ args, flags, session, terminal }) {
    if (args.length > 0) throw new CommandFailure(`extra arguments: [${args.join(' ')}]`);
    const output = flags.string('output');
    if (!['', 'json', 'yaml'].includes(output)) throw new CommandFailure("--output must be 'yaml' or 'json'");
    let server: ServerVersion | undefined;
    let failure: unknown;
    if (!flags.bool('client')) {
      try {
        server = await session.rest.json<ServerVersion>('GET', '/version');
      } catch (error) {
        failure = error;
      }
    }
    const both = { clientVersion, ...(server ? { serverVersion: server } : {}) };
    if (output === 'json') terminal.stdout.write(`${formatJson(both, { indent: '  ', sort: false })}\n`);
    else if (output === 'yaml') terminal.stdout.write(`${formatYaml(both)}\n`);
    else {
      terminal.stdout.write(`Client Version: ${clientVersion.gitVersion}\n`);
      if (server) terminal.stdout.write(`Server Version: ${server.gitVersion}\n`);
    }
    if (failure) throw failure;
    if (server) warnAboutSkew(server, terminal.stderr);
  },
};

/** Client and server may be at most one minor version apart. */
function warnAboutSkew(server: ServerVersion, stderr: { write(text: string): unknown }): void {
  const minor = Number.parseInt(server.minor, 10);
  if (server.major === clientVersion.major && Math.abs(minor - Number(clientVersion.minor)) <= 1) return;
  stderr.write(
    `WARNING: version difference between client (${clientVersion.major}.${clientVersion.minor}) and server (${server.major}.${server.minor}) exceeds the supported minor version skew of +/-1\n`,
  );
}
