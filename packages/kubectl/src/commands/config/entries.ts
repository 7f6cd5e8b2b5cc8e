import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure, UsageFailure } from '../../cli/failure.ts';
import { boolFlag, type Flag, stringFlag, stringsFlag } from '../../cli/flags.ts';
import type { ClusterEntry, ContextEntry, ExecEntry, UserEntry } from '../../kubeconfig/config.ts';
import { defaultFile, saveEntry } from './saving.ts';

const embedFlag = boolFlag('embed-certs', false, 'Put the contents of the files into the kubeconfig');

export const setContext: Command = {
  name: 'set-context',
  short: 'Set parts of a context, or make one',
  usage:
    'config set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]',
  flags: [boolFlag('current', false, 'The current context')],
  async run(call) {
    const { args, flags, path, session, terminal } = call;
    const current = flags.bool('current');
    if (args.length > 1 || (current && args.length > 0))
      throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
    const name = current ? session.startingConfig.currentContext : (args[0] ?? '');
    if (name === '')
      throw new CommandFailure(
        current ? 'no current context is set' : 'you must specify a non-empty context name or --current',
      );
    const known = session.startingConfig.contexts.get(name);
    const context: ContextEntry = { ...known?.value };
    for (const field of ['cluster', 'user', 'namespace'] as const)
      if (flags.changed(field)) assign(context, field, flags.string(field));
    saveEntry(call, 'contexts', name, complete(context));
    terminal.stdout.write(`Context ${JSON.stringify(name)} ${known ? 'modified' : 'created'}.\n`);
  },
};

export const setCluster: Command = {
  name: 'set-cluster',
  short: 'Set parts of a cluster, or make one',
  usage:
    'config set-cluster NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com]',
  flags: [embedFlag, stringFlag('proxy-url', '', 'URL of a proxy for requests to the cluster')],
  async run(call) {
    const { args, flags, path, session, terminal } = call;
    if (args.length !== 1) throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
    const [name = ''] = args;
    const cluster: ClusterEntry = { ...session.startingConfig.clusters.get(name)?.value };
    for (const field of ['server', 'tls-server-name', 'proxy-url'] as const)
      if (flags.changed(field)) assign(cluster, field, flags.string(field));
    const authority = flags.string('certificate-authority');
    if (flags.changed('insecure-skip-tls-verify')) {
      if (flags.bool('insecure-skip-tls-verify') && authority !== '') {
        throw new CommandFailure('you cannot specify a certificate authority and insecure mode at the same time');
      }
      assign(cluster, 'insecure-skip-tls-verify', flags.bool('insecure-skip-tls-verify') || undefined);
      if (flags.bool('insecure-skip-tls-verify')) {
        delete cluster['certificate-authority'];
        delete cluster['certificate-authority-data'];
      }
    }
    if (flags.changed('certificate-authority')) {
      Object.assign(
        cluster,
        fileOrData(call, 'certificate-authority', authority, session.startingConfig.clusters.get(name)?.file),
      );
      if (authority !== '') delete cluster['insecure-skip-tls-verify'];
    }
    saveEntry(call, 'clusters', name, clean(cluster));
    terminal.stdout.write(`Cluster ${JSON.stringify(name)} set.\n`);
  },
};

const userFlags: readonly Flag[] = [
  embedFlag,
  stringFlag('exec-api-version', '', 'API version of the credential plug-in'),
  stringsFlag('exec-arg', [], 'Argument of the credential plug-in; may be repeated'),
  stringFlag('exec-command', '', 'Command of the credential plug-in'),
  stringsFlag('exec-env', [], 'Environment of the credential plug-in, KEY=VALUE; may be repeated'),
  stringFlag('exec-interactive-mode', '', 'Never, IfAvailable or Always'),
  boolFlag('exec-provide-cluster-info', false, 'Tell the credential plug-in about the cluster'),
  stringFlag('auth-provider', '', 'Refused: auth providers are not supported'),
  stringsFlag('auth-provider-arg', [], 'Refused with --auth-provider'),
];

export const setCredentials: Command = {
  name: 'set-credentials',
  short: 'Set parts of a user, or make one',
  usage:
    'config set-credentials NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value]',
  flags: userFlags,
  async run(call) {
    const { args, flags, path, session, terminal } = call;
    if (args.length !== 1) throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
    if (flags.string('auth-provider') !== '' || flags.strings('auth-provider-arg').length > 0) {
      throw new CommandFailure('--auth-provider is not supported by this kubectl');
    }
    if (flags.string('token') !== '' && (flags.string('username') !== '' || flags.string('password') !== '')) {
      throw new CommandFailure(
        'you cannot specify more than one authentication method at the same time: --token, --username/--password',
      );
    }
    const [name = ''] = args;
    const known = session.startingConfig.users.get(name);
    const user: UserEntry = { ...known?.value };
    for (const field of ['client-certificate', 'client-key'] as const) {
      if (flags.changed(field)) Object.assign(user, fileOrData(call, field, flags.string(field), known?.file));
    }
    if (flags.changed('token')) {
      assign(user, 'token', flags.string('token'));
      if (flags.string('token') !== '') {
        delete user.username;
        delete user.password;
      }
    }
    for (const field of ['username', 'password'] as const) {
      if (!flags.changed(field)) continue;
      assign(user, field, flags.string(field));
      delete user.token;
    }
    const exec = execOf(call, user.exec);
    if (exec) user.exec = exec;
    saveEntry(call, 'users', name, clean(user));
    terminal.stdout.write(`User ${JSON.stringify(name)} set.\n`);
  },
};

function execOf({ flags }: Call, known: ExecEntry | undefined): ExecEntry | undefined {
  if (!flags.changed('exec-command') && !known) return undefined;
  const exec: ExecEntry = { command: '', ...known };
  if (flags.changed('exec-command')) exec.command = flags.string('exec-command');
  if (flags.changed('exec-api-version')) exec.apiVersion = flags.string('exec-api-version');
  if (flags.changed('exec-arg')) exec.args = [...flags.strings('exec-arg')];
  if (flags.changed('exec-interactive-mode')) exec.interactiveMode = flags.string('exec-interactive-mode');
  if (flags.changed('exec-provide-cluster-info')) exec.provideClusterInfo = flags.bool('exec-provide-cluster-info');
  if (flags.changed('exec-env')) {
    exec.env = flags.strings('exec-env').map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new CommandFailure(`invalid exec environment: ${pair}`);
      return { name: pair.slice(0, equals), value: pair.slice(equals + 1) };
    });
  }
  return exec;
}

type FileField = 'certificate-authority' | 'client-certificate' | 'client-key';

/** The field for a file, relative to the kubeconfig, or with --embed-certs its contents. */
function fileOrData(
  call: Call,
  field: FileField,
  given: string,
  owner: string | undefined,
): Record<string, string | undefined> {
  const { flags, terminal } = call;
  if (given === '') return { [field]: undefined, [`${field}-data`]: undefined };
  const absolute = resolve(terminal.cwd, given);
  if (!flags.bool('embed-certs'))
    return { [field]: written(absolute, owner ?? defaultFile(call)), [`${field}-data`]: undefined };
  try {
    return { [field]: undefined, [`${field}-data`]: readFileSync(absolute).toString('base64') };
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : (error as Error).message;
    throw new CommandFailure(`could not read ${field} data from ${given}: open ${given}: ${reason}`);
  }
}

/** A path as the kubeconfig holds it: relative where it lies at or below the kubeconfig's folder, as upstream writes it. */
function written(absolute: string, file: string): string {
  const below = relative(dirname(file), absolute);
  return below.startsWith('..') ? absolute : below;
}

function assign<T extends object, K extends keyof T>(target: T, field: K, value: T[K] | undefined): void {
  if (value === undefined || value === '') delete target[field];
  else target[field] = value;
}

const clean = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined && each !== '')) as T;

/** Upstream writes a context with cluster and user even where they are empty. */
function complete(context: ContextEntry): ContextEntry {
  return { ...context, cluster: context.cluster ?? '', user: context.user ?? '' };
}
