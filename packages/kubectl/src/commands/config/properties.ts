import { existsSync } from 'node:fs';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure, UsageFailure } from '../../cli/failure.ts';
import { boolFlag } from '../../cli/flags.ts';
import { loadFile, saveFile } from '../../kubeconfig/files.ts';
import { defaultFile, removeEntry, saveCurrentContext, saveEntry } from './saving.ts';

export const setProperty: Command = {
  name: 'set',
  short: 'Set one value of a kubeconfig',
  usage: 'config set PROPERTY_NAME PROPERTY_VALUE',
  examples:
    'kubectl config set clusters.home.server https://10.0.0.1:6443\nkubectl config set contexts.home.namespace shop',
  flags: [boolFlag('set-raw-bytes', false, 'Take the value of a …-data property as it is, not as base64')],
  async run(call) {
    const { args, path, terminal } = call;
    if (args.length !== 2) throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
    const [property = '', value = ''] = args;
    change(call, property, value);
    terminal.stdout.write(`Property ${JSON.stringify(property)} set.\n`);
  },
};

export const unsetProperty: Command = {
  name: 'unset',
  short: 'Remove one value of a kubeconfig',
  usage: 'config unset PROPERTY_NAME',
  async run(call) {
    const { args, path, terminal } = call;
    if (args.length !== 1) throw new UsageFailure(path, `Unexpected args: [${args.join(' ')}]`);
    const [property = ''] = args;
    change(call, property, undefined);
    terminal.stdout.write(`Property ${JSON.stringify(property)} unset.\n`);
  },
};

const parts = ['clusters', 'users', 'contexts'] as const;
type Part = (typeof parts)[number];

const fields: Record<Part, readonly string[]> = {
  clusters: [
    'server',
    'tls-server-name',
    'insecure-skip-tls-verify',
    'certificate-authority',
    'certificate-authority-data',
    'proxy-url',
    'disable-compression',
  ],
  users: [
    'client-certificate',
    'client-certificate-data',
    'client-key',
    'client-key-data',
    'token',
    'tokenFile',
    'as',
    'as-uid',
    'username',
    'password',
  ],
  contexts: ['cluster', 'user', 'namespace'],
};

/** Sets (or with undefined removes) what a dotted name means: `current-context`, `clusters.NAME`, `clusters.NAME.server` … */
function change(call: Call, property: string, value: string | undefined): void {
  if (property === 'current-context') {
    if (value === undefined) clearCurrentContext(call);
    else saveCurrentContext(call, value);
    return;
  }
  const dot = property.indexOf('.');
  const part = parts.find((each) => each === (dot < 0 ? property : property.slice(0, dot)));
  if (!part || dot < 0) throw new CommandFailure(`unable to parse ${property} after [] at api.Config`);
  const { name, field } = split(call, part, property.slice(dot + 1));
  const entry = call.session.startingConfig[part].get(name);
  if (field === undefined) {
    if (value !== undefined) throw new CommandFailure(`unable to set ${property}: it is not a single value`);
    if (!entry) throw new CommandFailure(`current map key \`${name}\` is invalid`);
    removeEntry(call, part, name);
    return;
  }
  if (!fields[part].includes(field)) throw new CommandFailure(`unable to parse ${field} in path ${property}`);
  if (!entry && value === undefined) throw new CommandFailure(`current map key \`${name}\` is invalid`);
  const copy = { ...entry?.value } as Record<string, unknown>;
  if (value === undefined) delete copy[field];
  else copy[field] = converted(call, field, value);
  saveEntry(call, part, name, copy as never);
}

/** The entry's name may have dots itself: a known name wins, else the last dot splits where a field follows it. */
function split(call: Call, part: Part, rest: string): { name: string; field?: string } {
  const known = call.session.startingConfig[part];
  if (known.has(rest)) return { name: rest };
  const dot = rest.lastIndexOf('.');
  if (dot < 0) return { name: rest };
  return { name: rest.slice(0, dot), field: rest.slice(dot + 1) };
}

function converted({ flags }: Call, field: string, value: string): unknown {
  if (field === 'insecure-skip-tls-verify' || field === 'disable-compression') {
    if (!/^(1|t|true|0|f|false)$/i.test(value)) {
      throw new CommandFailure(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    return /^(1|t|true)$/i.test(value);
  }
  if (field.endsWith('-data')) {
    if (flags.bool('set-raw-bytes')) return Buffer.from(value).toString('base64');
    if (Buffer.from(value, 'base64').toString('base64').replace(/=+$/, '') !== value.replace(/=+$/, '')) {
      throw new CommandFailure('error decoding the value: illegal base64 data');
    }
  }
  return value;
}

function clearCurrentContext(call: Call): void {
  const file =
    call.session.locations.files.find((each) => existsSync(each) && loadFile(each).currentContext !== '') ??
    defaultFile(call);
  if (!existsSync(file)) return;
  const config = loadFile(file);
  config.currentContext = '';
  saveFile(file, config);
}
