import { formatDuration } from '@coracle/api/meta/time';
import { groups } from '../commands/index.ts';
import type { Command } from './command.ts';
import type { Flag } from './flags.ts';
import { globalFlags } from './global-flags.ts';

/** The help of kubectl itself. */
export function rootHelp(): string {
  const width = Math.max(...groups.flatMap((group) => group.entries.map((each) => each.name.length))) + 3;
  const sections = groups.map((group) =>
    [`${group.title}:`, ...group.entries.map((each) => `  ${each.name.padEnd(width)}${each.short}`), ''].join('\n'),
  );
  return [
    'kubectl talks to a Kubernetes API server: it makes, shows, changes and deletes objects.',
    '',
    ...sections,
    'Usage:',
    '  kubectl [flags] [options]',
    '',
    'Use "kubectl <command> --help" for more about a command.',
    'Use "kubectl options" for the flags that every command takes.',
    '',
  ].join('\n');
}

/** The help of one command. */
export function commandHelp(path: string, command: Command): string {
  const parts = [command.description ?? `${command.short}.`, ''];
  if (command.aliases?.length) parts.push('Aliases:', `${[command.name, ...command.aliases].join(', ')}`, '');
  if (command.examples)
    parts.push(
      'Examples:',
      ...command.examples
        .trim()
        .split('\n')
        .map((line) => `  ${line}`),
      '',
    );
  if (command.subcommands?.length) {
    const width = Math.max(...command.subcommands.map((each) => each.name.length)) + 3;
    parts.push(
      'Available Commands:',
      ...command.subcommands.map((each) => `  ${each.name.padEnd(width)}${each.short}`),
      '',
    );
  }
  const shown = (command.flags ?? []).filter((flag) => !flag.hidden);
  if (shown.length > 0) parts.push('Options:', ...shown.map(flagHelp));
  parts.push('Usage:', `  kubectl ${command.usage} [options]`, '');
  if (command.subcommands?.length) parts.push(`Use "${path} <command> --help" for more about a command.`);
  parts.push('Use "kubectl options" for the flags that every command takes.', '');
  return parts.join('\n');
}

/** What `kubectl options` prints. */
export function optionsHelp(): string {
  return [
    'These flags may be given to any command:',
    '',
    ...globalFlags.filter((flag) => flag.name !== 'help').map(flagHelp),
  ].join('\n');
}

function flagHelp(flag: Flag): string {
  return `    ${flag.short ? `-${flag.short}, ` : ''}--${flag.name}=${shownDefault(flag)}:\n\t${flag.help}\n`;
}

function shownDefault(flag: Flag): string {
  if (flag.type === 'string') return `'${flag.default}'`;
  if (flag.type === 'duration') return formatDuration(flag.default as number);
  if (Array.isArray(flag.default)) return `[${flag.default.join(',')}]`;
  return String(flag.default);
}
