import { defineFlags, type Flag, FlagError, type FlagValues, stringFlag } from '@coracle/process/flags';
import { flagUsages } from '@coracle/process/usage';
import { type ClusterPlace, defaultName, placeOf } from '../cluster/cluster.ts';
import { fail } from '../failure.ts';

// biome-ignore lint/suspicious/noExplicitAny: flags of every value type live in one record; FlagValues recovers each type.
type AnyFlags = Readonly<Record<string, Flag<any>>>;

/** What a command runs with. */
export interface CommandContext<F> {
  flags: FlagValues<F>;
  args: readonly string[];
  /** The names of the flags that were given. */
  changed: ReadonlySet<string>;
}

/** A verb of `coracle`. */
export interface Command {
  name: string;
  /** One line in the list of commands. */
  about: string;
  /** All that `coracle NAME --help` shows; `rest` is what stands between. */
  help(rest?: readonly string[]): string | Promise<string>;
  /** Parses the command line after the verb and runs it. Resolves to the exit code. Throws FlagError and Failure. */
  run(argv: readonly string[]): Promise<number>;
}

/** Declares a verb. */
export function command<F extends AnyFlags>(declaration: {
  name: string;
  about: string;
  /** What stands after the name, beside flags: `COMPONENT`. */
  arguments?: { usage: string; least: number; most: number };
  /** Paragraphs of `--help`. */
  description: string;
  examples?: string[];
  flags: F;
  run(context: CommandContext<F>): Promise<number>;
}): Command {
  const set = defineFlags(declaration.flags);
  const { usage, least, most } = declaration.arguments ?? { usage: '', least: 0, most: 0 };
  const line = `coracle ${declaration.name}${usage && ` ${usage}`} [flags]`;
  return {
    name: declaration.name,
    about: declaration.about,
    help() {
      const examples = declaration.examples?.map((it) => `  ${it}\n`).join('') ?? '';
      return [
        `${declaration.description}\n`,
        `Usage:\n  ${line}\n`,
        ...(examples ? [`Examples:\n${examples}`] : []),
        ...(Object.keys(declaration.flags).length > 0
          ? [`Flags:\n${flagUsages(declaration.flags, process.stdout.columns ?? 0)}`]
          : []),
      ].join('\n');
    },
    async run(argv) {
      const parsed = set.parse(argv);
      if (parsed.args.length < least || parsed.args.length > most) {
        throw new FlagError(`usage: ${line}`);
      }
      for (const warning of parsed.warnings) process.stderr.write(`${warning}\n`);
      return declaration.run({ flags: parsed.values, args: parsed.args, changed: parsed.changed });
    },
  };
}

/** The flags that say which cluster. */
export const clusterFlags = {
  name: stringFlag({ default: defaultName, help: 'which cluster, of those on this machine' }),
  'data-dir': stringFlag({ help: "the `folder` of the cluster's lasting data (default /var/lib/coracle/NAME)" }),
};

/** The cluster the flags say. Throws Failure for users who could not do anything with it. */
export function placeFrom(flags: FlagValues<typeof clusterFlags>): ClusterPlace {
  if (process.getuid?.() !== 0)
    fail('clusters are made of namespaces and mounts, and belong to root', { next: 'Run it again as root.' });
  return placeOf(flags.name, flags['data-dir']);
}

/** The flags that name a cluster again, for command lines shown to the user; empty for the default. */
export function clusterArguments(flags: FlagValues<typeof clusterFlags>): string {
  const name = flags.name === defaultName ? '' : ` --name ${flags.name}`;
  return `${name}${flags['data-dir'] === '' ? '' : ` --data-dir ${flags['data-dir']}`}`;
}

/** Declares a verb that is a noun with verbs of its own: `coracle node add`. Each is loaded only when it is asked for. */
export function commandGroup(declaration: {
  name: string;
  about: string;
  description: string;
  verbs: Readonly<Record<string, () => Promise<{ default: Command }>>>;
}): Command {
  const { name, about, description, verbs } = declaration;
  const usage = `coracle ${name} COMMAND [flags]`;
  return {
    name,
    about,
    async help(rest = []) {
      const [verb] = rest;
      if (verb !== undefined && Object.hasOwn(verbs, verb)) return (await verbs[verb]!()).default.help();
      const commands = await Promise.all(Object.values(verbs).map(async (load) => (await load()).default));
      const rows = commands.map((it) => `  ${it.name.split(' ').at(-1)!.padEnd(10)}${it.about}\n`).join('');
      return [`${description}\n`, `Usage:\n  ${usage}\n`, `Commands:\n${rows}`].join('\n');
    },
    async run(argv) {
      const [verb, ...rest] = argv;
      if (verb === undefined || !Object.hasOwn(verbs, verb)) {
        const problem = verb === undefined ? 'which command' : `unknown command ${JSON.stringify(verb)}`;
        throw new FlagError(`${problem} for "coracle ${name}"; there is ${Object.keys(verbs).join(', ')}`);
      }
      return (await verbs[verb]!()).default.run(rest);
    },
  };
}
