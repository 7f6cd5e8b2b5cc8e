import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseYamlDocuments } from '@coracle/api/codec/yaml';
import { messageOf } from '@coracle/api/meta/message-of';
import { deepEqual } from '@coracle/api/meta/object';
import { applyJsonPatch } from '@coracle/api/patch/json-patch';
import { applyMergePatch } from '@coracle/api/patch/merge-patch';
import { applyStrategicPatch } from '@coracle/api/patch/strategic';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { builtinSchema } from '../manifests/schemas.ts';
import { outputFlags } from '../print/printer.ts';
import type { AnyObject } from '../resources/resource.ts';
import { type Info, select } from '../resources/selection.ts';
import { type PatchType, patchObject } from '../resources/writes.ts';
import { outcome } from './outcome.ts';
import { dryRunFlag, dryRunOf, fieldManagerFlag, filenameFlags, filenamesOf } from './shared-flags.ts';

export const command: Command = {
  name: 'patch',
  short: 'Change fields of an object',
  usage: 'patch (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]',
  examples: `kubectl patch deployment web -p '{"spec":{"replicas":3}}'\nkubectl patch pod web-1 --type=json -p '[{"op":"remove","path":"/metadata/labels/old"}]'`,
  flags: [
    ...outputFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-patch'),
    ...filenameFlags,
    boolFlag('local', false, 'Only patch and print the manifests of -f; ask no server'),
    stringFlag('patch', '', 'The patch, as JSON or YAML', { short: 'p' }),
    stringFlag('patch-file', '', 'File with the patch'),
    stringFlag('subresource', '', 'Patch this subresource: status or scale'),
    stringFlag('type', 'strategic', 'Type of the patch: json, merge or strategic'),
  ],
  run: patch,
};

async function patch(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  const filenames = filenamesOf(flags);
  const text = flags.string('patch');
  const file = flags.string('patch-file');
  if (text !== '' && file !== '') throw new CommandFailure('cannot specify --patch and --patch-file together');
  if (text === '' && file === '')
    throw new CommandFailure('must specify --patch or --patch-file containing the contents of the patch');
  const dryRun = dryRunOf(flags);
  const local = flags.bool('local');
  if (local && args.length > 0) throw new CommandFailure('cannot specify --local and server resources');
  if (local && dryRun === 'server')
    throw new CommandFailure('cannot specify --local and --dry-run=server - did you mean --dry-run=client?');
  const type = flags.string('type').toLowerCase();
  if (!['json', 'merge', 'strategic'].includes(type)) {
    throw new CommandFailure(
      `--type must be one of [json merge strategic], not ${JSON.stringify(flags.string('type'))}`,
    );
  }
  const body = parsePatch(file === '' ? text : readFileSync(resolve(terminal.cwd, file), 'utf8'));
  const told = await outcome(call, dryRun === 'client' ? 'client' : 'none');
  const { infos, errors } = await selected(call, filenames, local);
  throwAll(errors);
  if (infos.length === 0) throw new CommandFailure('no objects passed to patch');
  const failed: unknown[] = [];
  for (const info of infos) {
    try {
      const object =
        local || dryRun === 'client'
          ? patchedLocally(info, type as PatchType, body)
          : await patchObject(session, info, type as PatchType, body, {
              fieldManager: flags.string('field-manager'),
              serverDryRun: dryRun === 'server',
              subresource: flags.string('subresource'),
            });
      told.tell(info.resource, object, deepEqual(info.object, object) ? 'patched (no change)' : 'patched');
    } catch (error) {
      failed.push(error);
    }
  }
  throwAll(failed);
}

async function selected(
  call: Call,
  filenames: readonly string[],
  local: boolean,
): Promise<{ infos: Info[]; errors: unknown[] }> {
  const { args, flags, session, terminal } = call;
  if (!local) {
    return select(session, terminal, {
      args,
      filenames,
      recursive: flags.bool('recursive'),
      fetch: true,
      subresource: flags.string('subresource'),
    });
  }
  const { localInfos } = await import('./local.ts');
  return localInfos(call, filenames);
}

/** JSON goes to the server as it is, which judges it; YAML is turned into JSON. */
function parsePatch(text: string): unknown {
  if (text.trimStart().startsWith('{')) return text;
  try {
    return parseYamlDocuments(text)[0]?.value ?? null;
  } catch (error) {
    throw new CommandFailure(`unable to parse ${JSON.stringify(text)}: ${messageOf(error)}`);
  }
}

function patchedLocally(info: Info, type: PatchType, given: unknown): AnyObject {
  const object = info.object!;
  try {
    const body = typeof given === 'string' ? JSON.parse(given) : given;
    if (type === 'json') return applyJsonPatch(object, body as never) as AnyObject;
    if (type === 'merge') return applyMergePatch(object, body) as AnyObject;
    const schema = builtinSchema(info.resource);
    if (!schema)
      throw new CommandFailure(
        `strategic merge patch is not supported for ${info.resource.apiVersion}, Kind=${info.resource.kind}`,
      );
    return applyStrategicPatch(object, body as never, schema) as AnyObject;
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(messageOf(error));
  }
}
