import { formatJson } from '@coracle/api/codec/go-json';
import { deepEqual } from '@coracle/api/meta/object';
import { createMergePatch } from '@coracle/api/patch/merge-patch';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { outputFlags } from '../print/printer.ts';
import type { AnyObject } from '../resources/resource.ts';
import { type Info, select } from '../resources/selection.ts';
import { patchObject } from '../resources/writes.ts';
import { localInfos } from './local.ts';
import { outcome } from './outcome.ts';
import { resourcesAndPairs } from './pairs.ts';
import {
  allNamespacesFlag,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  fieldSelectorFlag,
  filenameFlags,
  filenamesOf,
  selectorFlag,
} from './shared-flags.ts';

/** What the arguments ask for: entries to set and keys to remove. */
export interface MetadataChange {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

/** What label and annotate do not share. */
export interface MetadataVerb {
  readonly name: 'label' | 'annotate';
  readonly field: 'labels' | 'annotations';
  readonly short: string;
  readonly examples: string;
  parse(pairs: readonly string[]): MetadataChange;
  /** Whether a key to remove that is not there is told. */
  readonly reportMissing: boolean;
  /** A key that needs no --overwrite. */
  readonly freelyOverwritten?: string;
  /** The error for keys that have other values already. */
  conflict(taken: readonly [key: string, value: string][]): Error;
  message(change: 'none' | 'shorter' | 'other'): string;
}

/** The command that changes one of the maps in an object's metadata. */
export function metadataCommand(verb: MetadataVerb): Command {
  return {
    name: verb.name,
    short: verb.short,
    usage: `${verb.name} [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]`,
    examples: verb.examples,
    flags: [
      boolFlag('all', false, 'All objects of the types named'),
      allNamespacesFlag,
      ...outputFlags,
      dryRunFlag,
      fieldManagerFlag(`kubectl-${verb.name}`),
      fieldSelectorFlag,
      ...filenameFlags,
      boolFlag('list', false, `Show the ${verb.field}`),
      boolFlag('local', false, 'Only change and print the manifests of -f; ask no server'),
      boolFlag('overwrite', false, 'Change values that are there already'),
      stringFlag('resource-version', '', 'Only change an object of this version'),
      selectorFlag,
    ],
    run: (call) => change(call, verb),
  };
}

async function change(call: Call, verb: MetadataVerb): Promise<void> {
  const { args, flags } = call;
  const word = verb.name === 'label' ? 'label' : 'annotation';
  const { resources, pairs } = resourcesAndPairs(args, word);
  const filenames = filenamesOf(flags);
  const wanted = verb.parse(pairs);
  check(call, resources, filenames, wanted, word);
  const dryRun = dryRunOf(flags);
  const local = flags.bool('local');
  const list = flags.bool('list');
  const told = await outcome(call, dryRun);
  const { infos, errors, single } = local
    ? await localInfos(call, filenames)
    : await select(call.session, call.terminal, {
        args: resources,
        filenames,
        recursive: flags.bool('recursive'),
        selector: flags.string('selector'),
        fieldSelector: flags.string('field-selector'),
        all: flags.bool('all'),
        allNamespaces: flags.bool('all-namespaces'),
        fetch: true,
      });
  const failed = [...errors];
  for (const info of infos) {
    try {
      const old = info.object!;
      const changed = changedObject(old, wanted, verb, flags.bool('overwrite'), flags.string('resource-version'));
      const message = verb.message(kindOfChange(old, changed, flags.bool('overwrite')));
      if (local || list || dryRun === 'client') {
        if (list) listEntries(call, changed, verb, single, info);
        else told.tell(info.resource, changed, message);
        continue;
      }
      if (verb.reportMissing) {
        for (const key of wanted.remove) {
          if (old.metadata[verb.field]?.[key] === undefined)
            call.terminal.stdout.write(`label ${JSON.stringify(key)} not found.\n`);
        }
      }
      const patch = createMergePatch(withoutVersion(old, flags.string('resource-version')), changed);
      const object = await patchObject(call.session, info, 'merge', formatJson(patch), {
        fieldManager: flags.string('field-manager'),
        serverDryRun: dryRun === 'server',
      });
      told.tell(info.resource, object, message);
    } catch (error) {
      failed.push(error);
    }
  }
  throwAll(failed);
}

function check(
  { flags }: Call,
  resources: readonly string[],
  filenames: readonly string[],
  wanted: MetadataChange,
  word: string,
): void {
  if (flags.bool('all') && flags.string('selector') !== '')
    throw new CommandFailure('cannot set --all and --selector at the same time');
  if (flags.bool('all') && flags.string('field-selector') !== '')
    throw new CommandFailure('cannot set --all and --field-selector at the same time');
  if (flags.bool('local')) {
    if (dryRunOf(flags) === 'server')
      throw new CommandFailure('cannot specify --local and --dry-run=server - did you mean --dry-run=client?');
    if (resources.length > 0) {
      throw new CommandFailure(
        'can only use local files by -f pod.yaml or --filename=pod.json when --local=true is set',
      );
    }
    if (filenames.length === 0)
      throw new CommandFailure('one or more files must be specified as -f pod.yaml or --filename=pod.json');
  } else if (resources.length === 0 && filenames.length === 0) {
    throw new CommandFailure('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  }
  if (wanted.set.size === 0 && wanted.remove.length === 0 && !flags.bool('list')) {
    throw new CommandFailure(`at least one ${word} update is required`);
  }
}

function changedObject(
  old: AnyObject,
  wanted: MetadataChange,
  verb: MetadataVerb,
  overwrite: boolean,
  resourceVersion: string,
): AnyObject {
  const entries = new Map(Object.entries(old.metadata[verb.field] ?? {}));
  if (!overwrite) {
    const taken = [...wanted.set].flatMap(([key, value]): [string, string][] => {
      const current = entries.get(key);
      return current === undefined || current === value || key === verb.freelyOverwritten ? [] : [[key, current]];
    });
    if (taken.length > 0) throw verb.conflict(taken);
  }
  for (const [key, value] of wanted.set) entries.set(key, value);
  for (const key of wanted.remove) entries.delete(key);
  const metadata = { ...old.metadata, [verb.field]: Object.fromEntries(entries) };
  if (entries.size === 0) delete metadata[verb.field];
  if (resourceVersion !== '') metadata.resourceVersion = resourceVersion;
  return { ...old, metadata };
}

function kindOfChange(old: AnyObject, changed: AnyObject, overwrite: boolean): 'none' | 'shorter' | 'other' {
  if (deepEqual(old, changed)) return 'none';
  return !overwrite && formatJson(changed).length < formatJson(old).length ? 'shorter' : 'other';
}

/** With --resource-version the patch must name the version, so it is taken from what the patch is made against. */
function withoutVersion(object: AnyObject, resourceVersion: string): AnyObject {
  if (resourceVersion === '') return object;
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function listEntries(
  { terminal }: Call,
  object: AnyObject,
  verb: MetadataVerb,
  single: boolean,
  { resource, name }: Info,
): void {
  if (!single) {
    terminal.stdout.write(`Listing ${verb.field} for ${resource.kind}.${resource.group}/${name}:\n`);
  }
  for (const [key, value] of Object.entries(object.metadata[verb.field] ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    terminal.stdout.write(`${single ? '' : ' '}${key}=${value}\n`);
  }
}
