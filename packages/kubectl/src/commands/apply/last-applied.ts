import { formatJson } from '@coracle/api/codec/go-json';
import { decodeJson } from '@coracle/api/codec/json';
import { formatYaml } from '@coracle/api/codec/yaml-print';
import type { Command } from '../../cli/command.ts';
import { CommandFailure, throwAll } from '../../cli/failure.ts';
import { boolFlag, stringFlag } from '../../cli/flags.ts';
import { lastApplied } from '../../manifests/last-applied.ts';
import { outputFlags } from '../../print/printer.ts';
import { fetchObject, select } from '../../resources/selection.ts';
import { patchObject } from '../../resources/writes.ts';
import { outcome } from '../outcome.ts';
import { dryRunFlag, dryRunOf, filenameFlags, filenamesOf, selectorFlag } from '../shared-flags.ts';

export const viewLastApplied: Command = {
  name: 'view-last-applied',
  short: 'Show the manifest that was applied last',
  usage: 'apply view-last-applied (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)',
  flags: [
    boolFlag('all', false, 'All objects of the type'),
    ...filenameFlags,
    stringFlag('output', 'yaml', 'yaml or json', { short: 'o' }),
    selectorFlag,
  ],
  async run({ args, flags, session, terminal }) {
    const output = flags.string('output');
    if (output !== 'yaml' && output !== 'json') {
      throw new CommandFailure(
        `Unexpected -o output mode: ${output}, the flag 'output' must be one of yaml|json\nSee 'kubectl apply view-last-applied -h' for help and examples`,
      );
    }
    const { infos, errors } = await select(session, terminal, {
      args,
      filenames: filenamesOf(flags),
      recursive: flags.bool('recursive'),
      selector: flags.string('selector'),
      all: flags.bool('all'),
      fetch: true,
    });
    throwAll(errors);
    let shown = 0;
    for (const info of infos) {
      const annotation = info.object!.metadata.annotations?.[lastApplied];
      if (annotation === undefined) continue;
      const { value } = decodeJson(annotation);
      if (shown++ > 0 && output === 'yaml') terminal.stdout.write('---\n');
      terminal.stdout.write(output === 'yaml' ? `${formatYaml(value)}` : `${formatJson(value, { indent: '  ' })}\n`);
    }
  },
};

export const setLastApplied: Command = {
  name: 'set-last-applied',
  short: 'Make the contents of a file the manifest that was applied last',
  usage: 'apply set-last-applied -f FILENAME',
  flags: [
    ...outputFlags,
    boolFlag('create-annotation', false, 'Also where the object has no such annotation yet'),
    dryRunFlag,
    ...filenameFlags,
  ],
  async run(call) {
    const { flags, session, terminal } = call;
    const dryRun = dryRunOf(flags);
    const filenames = filenamesOf(flags);
    if (filenames.length === 0) throw new CommandFailure('must specify one of -f and -k');
    const told = await outcome(call, dryRun);
    const { infos, errors } = await select(session, terminal, { filenames, recursive: flags.bool('recursive') });
    throwAll(errors);
    for (const info of infos) {
      const live = await fetchObject(session, info);
      if (live.metadata.annotations?.[lastApplied] === undefined && !flags.bool('create-annotation')) {
        throw new CommandFailure(
          `no last-applied-configuration annotation found on resource: ${info.name}, to create the annotation, run the command with --create-annotation`,
        );
      }
      const annotation = `${formatJson(info.object)}\n`;
      const object =
        dryRun === 'client'
          ? live
          : await patchObject(
              session,
              info,
              'merge',
              { metadata: { annotations: { [lastApplied]: annotation } } },
              { serverDryRun: dryRun === 'server' },
            );
      told.tell(info.resource, object, 'configured');
    }
  },
};
