import type { Command } from './cli/command.ts';
import { RawFailure } from './cli/failure.ts';
import { FlagError, Flags, parseFlags } from './cli/flags.ts';
import { globalFlags } from './cli/global-flags.ts';
import { report } from './cli/report.ts';
import type { Terminal } from './cli/terminal.ts';
import { findEntry, suggestions, unsupported } from './commands/index.ts';
import { Session } from './session.ts';

/** Runs one command line (without the program's name) and returns the exit code. Never throws. */
export async function kubectl(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(words, terminal);
  } catch (error) {
    const { text, exitCode } = report(error);
    terminal.stderr.write(text);
    return exitCode;
  }
}

async function dispatch(words: readonly string[], terminal: Terminal): Promise<number> {
  const first = nextWord(words, globalFlags);
  if (first === undefined) return rootCommand(words, terminal);
  const name = words[first]!;
  const rest = [...words.slice(0, first), ...words.slice(first + 1)];
  if (name === 'help')
    return help(
      rest.filter((word) => !word.startsWith('-')),
      terminal,
    );
  if (name === 'options') {
    const { optionsHelp } = await import('./cli/help.ts');
    terminal.stdout.write(`${optionsHelp()}\n`);
    return 0;
  }
  if (unsupported.includes(name)) throw new Error(`the command "${name}" is not supported by this kubectl`);
  const entry = findEntry(name);
  if (!entry) throw unknownCommand(name);
  const { command } = await entry.load();
  return descend(command, `kubectl ${command.name}`, rest, terminal);
}

/** Finds the subcommand a command line means, parses its flags and runs it. */
async function descend(command: Command, path: string, words: readonly string[], terminal: Terminal): Promise<number> {
  const own = [...(command.flags ?? []), ...globalFlags];
  const next = command.subcommands ? nextWord(words, own) : undefined;
  if (next !== undefined) {
    const chosen = command.subcommands!.find(
      (each) => each.name === words[next] || each.aliases?.includes(words[next]!),
    );
    if (chosen) return descend(chosen, `${path} ${chosen.name}`, words.toSpliced(next, 1), terminal);
  }
  const flags = new Flags(own);
  let parsed: ReturnType<typeof parseFlags>;
  try {
    parsed = parseFlags(words, flags);
  } catch (error) {
    if (error instanceof FlagError && !words.includes('--help')) {
      throw new RawFailure(`Error: ${error.message}\nSee '${path} --help' for usage.`);
    }
    throw error;
  }
  if (flags.bool('help')) {
    const { commandHelp } = await import('./cli/help.ts');
    terminal.stdout.write(commandHelp(path, command));
    return 0;
  }
  if (!command.run) {
    if (parsed.args.length > 0)
      throw new Error(`unknown command ${JSON.stringify(parsed.args[0])}\nSee '${path} -h' for help and examples`);
    const { commandHelp } = await import('./cli/help.ts');
    terminal.stderr.write(commandHelp(path, command));
    return 1;
  }
  const missing = flags.missing();
  if (missing.length > 0)
    throw new Error(`required flag(s) ${missing.map((name) => JSON.stringify(name)).join(', ')} not set`);
  const session = new Session(flags, terminal);
  try {
    await command.run({ path, args: parsed.args, dash: parsed.dash, flags, session, terminal });
    session.close();
    return session.warned && flags.bool('warnings-as-errors') ? failOnWarnings(session, terminal) : 0;
  } finally {
    session.close();
  }
}

function failOnWarnings(session: Session, terminal: Terminal): number {
  terminal.stderr.write(`error: ${session.warned} ${session.warned === 1 ? 'warning' : 'warnings'} received\n`);
  return 1;
}

/** The index of the first word that is neither a flag nor a flag's argument; undefined when `--` or the end comes first. */
function nextWord(
  words: readonly string[],
  known: readonly { name: string; short?: string; implied?: string }[],
): number | undefined {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') return undefined;
    if (word.startsWith('--')) {
      const flag = known.find((each) => each.name === word.slice(2));
      if (!word.includes('=') && flag?.implied === undefined) i++;
    } else if (word.startsWith('-') && word.length > 1) {
      const flag = known.find((each) => each.short === word.slice(1));
      if (word.length === 2 && flag?.implied === undefined) i++;
    } else if (word !== '') return i;
  }
  return undefined;
}

async function rootCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    parseFlags(words, new Flags(globalFlags));
  } catch (error) {
    throw new RawFailure(`Error: ${(error as Error).message}\nSee 'kubectl --help' for usage.`);
  }
  const { rootHelp } = await import('./cli/help.ts');
  terminal.stdout.write(rootHelp());
  return 0;
}

async function help(names: readonly string[], terminal: Terminal): Promise<number> {
  const { commandHelp, rootHelp } = await import('./cli/help.ts');
  const [name, ...more] = names;
  const entry = name === undefined ? undefined : findEntry(name);
  if (!entry) {
    if (name !== undefined) terminal.stdout.write(`Unknown help topic [\`${name}\`]\n`);
    terminal.stdout.write(rootHelp());
    return 0;
  }
  let { command } = await entry.load();
  let path = `kubectl ${command.name}`;
  for (const each of more) {
    const chosen = command.subcommands?.find((sub) => sub.name === each);
    if (!chosen) break;
    command = chosen;
    path += ` ${each}`;
  }
  terminal.stdout.write(commandHelp(path, command));
  return 0;
}

function unknownCommand(name: string): RawFailure {
  const near = suggestions(name);
  const hint = near.length > 0 ? `\n\nDid you mean this?\n${near.map((each) => `\t${each}\n`).join('')}` : '';
  return new RawFailure(`Error: unknown command ${JSON.stringify(name)} for "kubectl"${hint}\n`);
}
