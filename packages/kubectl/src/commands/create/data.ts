import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { isConfigMapKey } from '@coracle/api/meta/names';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { boolFlag, stringFlag, stringSliceFlag, stringsFlag } from '../../cli/flags.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { createGenerated, generatorFlags, manifestNamespace, nameArgument } from './generator.ts';

const sourceFlags = [
  boolFlag('append-hash', false, 'Refused: hashes of the contents in names are not supported'),
  stringSliceFlag('from-env-file', [], 'File of KEY=VALUE lines'),
  stringSliceFlag('from-file', [], 'File or folder whose contents become values: [KEY=]PATH'),
  stringsFlag('from-literal', [], 'KEY=VALUE'),
];

export const configMap: Command = {
  name: 'configmap',
  aliases: ['cm'],
  short: 'Create a config map from files and literals',
  usage: 'create configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]',
  flags: [...generatorFlags, ...sourceFlags],
  async run(call) {
    const name = nameArgument(call);
    const values = collect(call, 'ConfigMap');
    const text: Record<string, string> = {};
    const binary: Record<string, string> = {};
    for (const [key, value] of values) {
      const decoded = value.toString('utf8');
      const isText = Buffer.from(decoded, 'utf8').equals(value);
      Object.defineProperty(isText ? text : binary, key, {
        value: isText ? decoded : value.toString('base64'),
        enumerable: true,
      });
    }
    const manifest = {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name, ...manifestNamespace(call), creationTimestamp: null },
      ...(Object.keys(text).length > 0 ? { data: text } : {}),
      ...(Object.keys(binary).length > 0 ? { binaryData: binary } : {}),
    } as unknown as AnyObject;
    await createGenerated(call, manifest, { group: '', namespaced: true, failure: 'failed to create configmap:' });
  },
};

const generic: Command = {
  name: 'generic',
  short: 'Create a secret from files and literals',
  usage:
    'create secret generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]',
  flags: [...generatorFlags, ...sourceFlags, stringFlag('type', '', 'Type of the secret')],
  async run(call) {
    const name = nameArgument(call);
    const values = collect(call, 'Secret');
    await createSecret(call, name, values, call.flags.string('type'));
  },
};

const tls: Command = {
  name: 'tls',
  short: 'Create a TLS secret from a certificate and its key',
  usage: 'create secret tls NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]',
  flags: [
    ...generatorFlags,
    boolFlag('append-hash', false, 'Refused: hashes of the contents in names are not supported'),
    stringFlag('cert', '', 'PEM file of the certificate'),
    stringFlag('key', '', 'PEM file of the key'),
  ],
  async run(call) {
    const { flags, terminal } = call;
    const name = nameArgument(call);
    if (flags.string('key') === '' || flags.string('cert') === '')
      throw new CommandFailure('key and cert must be specified');
    refuseHash(call);
    const values = new Map([
      ['tls.crt', read(terminal.cwd, flags.string('cert'))],
      ['tls.key', read(terminal.cwd, flags.string('key'))],
    ]);
    await createSecret(call, name, values, 'kubernetes.io/tls');
  },
};

export const secret: Command = {
  name: 'secret',
  short: 'Create a secret',
  usage: 'create secret (docker-registry | generic | tls)',
  subcommands: [generic, tls],
};

async function createSecret(
  call: Call,
  name: string,
  values: ReadonlyMap<string, Buffer>,
  type: string,
): Promise<void> {
  const data: Record<string, string> = {};
  for (const [key, value] of values)
    Object.defineProperty(data, key, { value: value.toString('base64'), enumerable: true });
  const manifest = {
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: { name, ...manifestNamespace(call), creationTimestamp: null },
    ...(values.size > 0 ? { data } : {}),
    ...(type === '' ? {} : { type }),
  } as unknown as AnyObject;
  await createGenerated(call, manifest, { group: '', namespaced: true, failure: 'failed to create secret' });
}

function refuseHash({ flags }: Call): void {
  if (flags.bool('append-hash')) throw new CommandFailure('--append-hash is not supported by this kubectl');
}

/** All values the flags name, by key, sorted as maps are. */
function collect(call: Call, kind: 'ConfigMap' | 'Secret'): Map<string, Buffer> {
  const { flags, terminal } = call;
  refuseHash(call);
  const literals = flags.strings('from-literal');
  const files = flags.strings('from-file');
  const envFiles = flags.strings('from-env-file');
  if (envFiles.length > 0 && (literals.length > 0 || files.length > 0)) {
    throw new CommandFailure('from-env-file cannot be combined with from-file or from-literal');
  }
  const values = new Map<string, Buffer>();
  const add = (key: string, value: Buffer): void => {
    const wrong = isConfigMapKey(key);
    if (wrong.length > 0)
      throw new CommandFailure(`${JSON.stringify(key)} is not a valid key name for a ${kind}: ${wrong.join(',')}`);
    if (values.has(key)) {
      throw new CommandFailure(
        `cannot add key ${JSON.stringify(key)}, another key by that name already exists in ${kind === 'Secret' ? 'Data for Secret' : 'Data for ConfigMap'} ${JSON.stringify(call.args[0] ?? '')}`,
      );
    }
    values.set(key, value);
  };
  for (const file of files) addFile(file, terminal.cwd, add);
  for (const literal of literals) {
    const equals = literal.indexOf('=');
    if (equals < 0) throw new CommandFailure(`invalid literal source ${literal}, expected key=value`);
    if (equals === 0) throw new CommandFailure(`invalid literal source ${literal}, expected key=value`);
    const value = literal.slice(equals + 1);
    add(literal.slice(0, equals), Buffer.from(/^(".*"|'.*')$/s.test(value) ? value.slice(1, -1) : value));
  }
  for (const file of envFiles) {
    for (const [key, value] of envLines(read(terminal.cwd, file).toString('utf8'), terminal.env))
      add(key, Buffer.from(value));
  }
  return values;
}

function addFile(spec: string, cwd: string, add: (key: string, value: Buffer) => void): void {
  const parts = spec.split('=');
  if (parts.length > 2) throw new CommandFailure("key names or file paths cannot contain '='");
  const [key, path] = parts.length === 2 ? (parts as [string, string]) : [basename(spec), spec];
  if (parts.length === 2 && key === '') throw new CommandFailure(`key name for file path ${path} missing`);
  if (path === '') throw new CommandFailure(`file path for key name ${key} missing`);
  const absolute = resolve(cwd, path);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (!stats) throw new CommandFailure(`error reading ${path}: no such file or directory`);
  if (!stats.isDirectory()) {
    add(key, readFileSync(absolute));
    return;
  }
  if (parts.length === 2) throw new CommandFailure('cannot give a key name for a directory path');
  for (const entry of readdirSync(absolute, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isFile()) add(entry.name, readFileSync(join(absolute, entry.name)));
  }
}

function read(cwd: string, path: string): Buffer {
  const absolute = resolve(cwd, path);
  if (!statSync(absolute, { throwIfNoEntry: false }))
    throw new CommandFailure(`error reading ${path}: no such file or directory`);
  return readFileSync(absolute);
}

/** KEY=VALUE lines; a lone KEY takes its value from the environment; `#` begins a comment. */
export function envLines(text: string, env: Readonly<Record<string, string | undefined>>): [string, string][] {
  return text.split('\n').flatMap((raw): [string, string][] => {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) return [];
    const equals = line.indexOf('=');
    const key = equals < 0 ? line : line.slice(0, equals);
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(key)) {
      throw new CommandFailure(
        `${JSON.stringify(key)} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`,
      );
    }
    return [[key, equals < 0 ? (env[key] ?? '') : line.slice(equals + 1)]];
  });
}
