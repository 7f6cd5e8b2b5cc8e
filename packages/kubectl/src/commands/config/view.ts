import { readFileSync } from 'node:fs';
import type { Command } from '../../cli/command.ts';
import { CommandFailure, UsageFailure } from '../../cli/failure.ts';
import { boolFlag } from '../../cli/flags.ts';
import { type ClusterEntry, emptyKubeconfig, type Kubeconfig, type UserEntry } from '../../kubeconfig/config.ts';
import { toDocument, withAbsolutePaths } from '../../kubeconfig/files.ts';
import { outputFlags, prepareTemplates, printerOf } from '../../print/printer.ts';
import type { AnyObject } from '../../resources/resource.ts';

export const view: Command = {
  name: 'view',
  short: 'Show the merged kubeconfig',
  usage: 'config view [flags]',
  flags: [
    ...outputFlags,
    boolFlag('flatten', false, 'Put the contents of the files into the output'),
    boolFlag('merge', true, 'Merge all kubeconfig files'),
    boolFlag('minify', false, 'Only what the current context uses'),
    boolFlag('raw', false, 'Show secrets'),
  ],
  async run({ args, flags, path, session, terminal }) {
    if (args.length > 0) throw new UsageFailure(path, `unexpected arguments: [${args.join(' ')}]`);
    if (flags.string('output') === '' && flags.string('template') === '') flags.set('output', 'yaml');
    await prepareTemplates(flags);
    const printer = printerOf(flags, { keepOrder: true })!;
    let config = session.startingConfig;
    if (flags.bool('minify')) config = minified(config, flags.string('context') || config.currentContext);
    const shown = mapped(config, flags.bool('flatten'), flags.bool('raw'));
    terminal.stdout.write(printer.print(toDocument(shown) as unknown as AnyObject));
  },
};

function minified(config: Kubeconfig, name: string): Kubeconfig {
  if (name === '') throw new CommandFailure('current-context must exist in order to minify');
  const context = config.contexts.get(name);
  if (!context) throw new CommandFailure(`cannot locate context ${name}`);
  const small = { ...emptyKubeconfig(), preferences: config.preferences, currentContext: name };
  small.contexts.set(name, context);
  const cluster = config.clusters.get(context.value.cluster ?? '');
  if (cluster) small.clusters.set(context.value.cluster!, cluster);
  const user = config.users.get(context.value.user ?? '');
  if (user) small.users.set(context.value.user!, user);
  return small;
}

function mapped(config: Kubeconfig, flatten: boolean, raw: boolean): Kubeconfig {
  const result = { ...config, clusters: new Map(config.clusters), users: new Map(config.users) };
  for (const [name, entry] of config.clusters) {
    let value: ClusterEntry = flatten ? flattened(withAbsolutePaths(entry), ['certificate-authority']) : entry.value;
    if (!raw && !flatten && value['certificate-authority-data'])
      value = { ...value, 'certificate-authority-data': 'DATA+OMITTED' };
    result.clusters.set(name, { ...entry, value });
  }
  for (const [name, entry] of config.users) {
    const value: UserEntry = flatten
      ? flattened(withAbsolutePaths(entry), ['client-certificate', 'client-key'])
      : entry.value;
    result.users.set(name, { ...entry, value: raw || flatten ? value : redacted(value) });
  }
  return result;
}

function flattened<T extends object>(value: T, fields: readonly string[]): T {
  const copy = { ...value } as Record<string, unknown>;
  for (const field of fields) {
    const file = copy[field];
    if (typeof file !== 'string' || file === '' || copy[`${field}-data`]) continue;
    copy[`${field}-data`] = readFileSync(file).toString('base64');
    delete copy[field];
  }
  return copy as T;
}

function redacted(user: UserEntry): UserEntry {
  const copy = { ...user };
  for (const field of ['client-certificate-data', 'client-key-data'] as const)
    if (copy[field]) copy[field] = 'DATA+OMITTED';
  for (const field of ['token', 'password'] as const) if (copy[field]) copy[field] = 'REDACTED';
  return copy;
}
