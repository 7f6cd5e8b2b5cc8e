/** `coracle VERB …`: makes clusters on this machine. Each verb is a file in commands/ and is loaded only when it is asked for. */
import { FlagError } from '@coracle/process/flags';
import type { Command } from './cli/command.ts';
import { Failure } from './failure.ts';

const verbs: Record<string, () => Promise<{ default: Command }>> = {
  up: () => import('./commands/up.ts'),
  down: () => import('./commands/down.ts'),
  status: () => import('./commands/status.ts'),
  logs: () => import('./commands/logs.ts'),
  kubeconfig: () => import('./commands/kubeconfig.ts'),
  reset: () => import('./commands/reset.ts'),
  node: () => import('./commands/node.ts'),
  token: () => import('./commands/token.ts'),
  backup: () => import('./commands/backup.ts'),
  restore: () => import('./commands/restore.ts'),
  image: () => import('./commands/image.ts'),
  system: () => import('./commands/system.ts'),
  upgrade: () => import('./commands/upgrade.ts'),
  dev: () => import('./commands/dev.ts'),
  version: () => import('./commands/version.ts'),
};

async function usage(): Promise<string> {
  const commands = await Promise.all(Object.values(verbs).map(async (load) => (await load()).default));
  const rows = commands.map((it) => `  ${it.name.padEnd(12)}${it.about}\n`).join('');
  return `Coracle makes Kubernetes clusters on this machine.

Usage:
  coracle COMMAND [flags]

Commands:
${rows}
'coracle COMMAND --help' tells more about one.
`;
}

async function main(argv: readonly string[]): Promise<number> {
  const [verb, ...rest] = argv;
  if (verb === undefined || ['help', '--help', '-h'].includes(verb)) {
    const about =
      rest[0] && Object.hasOwn(verbs, rest[0])
        ? await (await verbs[rest[0]]!()).default.help(rest.slice(1))
        : await usage();
    process.stdout.write(about);
    return 0;
  }
  if (verb === '--version') return (await verbs['version']!()).default.run([]);
  if (!Object.hasOwn(verbs, verb)) {
    throw new FlagError(`unknown command ${JSON.stringify(verb)} for "coracle"\nRun 'coracle --help' for usage.`);
  }
  const command = (await verbs[verb]!()).default;
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (own.includes('--help') || own.includes('-h')) {
    process.stdout.write(await command.help(own));
    return 0;
  }
  return command.run(rest);
}

async function report(error: unknown): Promise<number> {
  if (error instanceof FlagError) {
    process.stderr.write(`error: ${error.message}\n`);
    return 1;
  }
  if (error instanceof Failure) {
    const { describeFailure } = await import('./cli/report.ts');
    process.stderr.write(describeFailure(error));
    return 1;
  }
  throw error;
}

process.umask(0o022); // nodes have users besides root, who must reach what is theirs; what is secret says so itself
process.exit(await main(process.argv.slice(2)).catch(report));
