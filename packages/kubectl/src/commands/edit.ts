import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatJson } from '@coracle/api/codec/go-json';
import { parseYamlDocuments } from '@coracle/api/codec/yaml';
import { formatYaml } from '@coracle/api/codec/yaml-print';
import { messageOf } from '@coracle/api/meta/message-of';
import { createMergePatch } from '@coracle/api/patch/merge-patch';
import { createTwoWayStrategicPatch } from '@coracle/api/patch/strategic';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { stringFlag } from '../cli/flags.ts';
import { builtinSchema } from '../manifests/schemas.ts';
import { fieldValidation, validateFlag } from '../manifests/validation.ts';
import { outputFlags } from '../print/printer.ts';
import type { AnyObject } from '../resources/resource.ts';
import { EmptySelection, type Info, select } from '../resources/selection.ts';
import { patchObject } from '../resources/writes.ts';
import { outcome } from './outcome.ts';
import { fieldManagerFlag, filenameFlags, filenamesOf } from './shared-flags.ts';

export const command: Command = {
  name: 'edit',
  short: 'Change an object in an editor',
  usage: 'edit (RESOURCE/NAME | -f FILENAME)',
  description: 'Opens the object in the editor of $KUBE_EDITOR or $EDITOR (else vi) and sends what was changed.',
  flags: [
    ...outputFlags,
    fieldManagerFlag('kubectl-edit'),
    ...filenameFlags,
    stringFlag('subresource', '', 'Edit this subresource: status or scale'),
    validateFlag,
  ],
  run: edit,
};

const note = [
  "# Please edit the object below. Lines beginning with a '#' will be ignored,",
  '# and an empty file will abort the edit. If an error occurs while saving this file will be',
  '# reopened with the relevant failures.',
  '#',
].join('\n');

async function edit(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  const filenames = filenamesOf(flags);
  if (args.length === 0 && filenames.length === 0) throw new EmptySelection();
  const { infos, errors } = await select(session, terminal, {
    args,
    filenames,
    recursive: flags.bool('recursive'),
    typeAlone: true,
    fetch: true,
    subresource: flags.string('subresource'),
  });
  throwAll(errors);
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-edit-'));
  try {
    for (const info of infos) await editOne(call, info, join(folder, `${info.resource.singular}-${info.name}.yaml`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lets the user edit one object, again with the error in the file where the server refuses it. */
async function editOne(call: Call, info: Info, file: string): Promise<void> {
  const { flags, session, terminal } = call;
  const { managedFields: _, ...metadata } = info.object!.metadata;
  const before = { ...info.object!, metadata } as AnyObject;
  const told = await outcome(call);
  let text = `${note}\n${formatYaml(before)}`;
  let lastFailed: string | undefined;
  for (;;) {
    writeFileSync(file, text, { mode: 0o600 });
    openEditor(call, file);
    const edited = readFileSync(file, 'utf8');
    const body = edited
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .join('\n');
    if (body.trim() === '' || edited === text || body === lastFailed) {
      if (lastFailed !== undefined) throw new CommandFailure('Edit cancelled, no valid changes were saved.');
      terminal.stderr.write('Edit cancelled, no changes made.\n');
      return;
    }
    try {
      const after = parseYamlDocuments(body)[0]?.value as AnyObject;
      if (after?.metadata?.name !== info.name)
        throw new CommandFailure('the name of an object cannot be changed by editing it');
      const schema = builtinSchema(info.resource);
      const patch = formatJson(
        schema ? createTwoWayStrategicPatch(before, after, schema) : createMergePatch(before, after),
      );
      if (patch === '{}') {
        terminal.stderr.write('Edit cancelled, no changes made.\n');
        return;
      }
      const object = await patchObject(session, info, schema ? 'strategic' : 'merge', patch, {
        fieldManager: flags.string('field-manager'),
        validation: fieldValidation(flags),
        subresource: flags.string('subresource'),
      });
      told.tell(info.resource, object, 'edited');
      return;
    } catch (error) {
      lastFailed = body;
      text = `${note}\n# ${messageOf(error).replaceAll('\n', '\n# ')}\n#\n${body}`;
    }
  }
}

function openEditor({ terminal }: Call, file: string): void {
  const editor = terminal.env['KUBE_EDITOR'] || terminal.env['EDITOR'] || 'vi';
  const result = spawnSync('/bin/sh', ['-c', `${editor} "$0"`, file], {
    stdio: 'inherit',
    cwd: terminal.cwd,
    env: { ...terminal.env } as NodeJS.ProcessEnv,
  });
  if (result.status !== 0) throw new CommandFailure(`there was a problem with the editor ${JSON.stringify(editor)}`);
}
