import { messageOf } from '@coracle/api/meta/message-of';
import { clone } from '@coracle/api/meta/object';
import type { Container } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import { outputFlags } from '../print/printer.ts';
import { select } from '../resources/selection.ts';
import { patchObject } from '../resources/writes.ts';
import { localInfos } from './local.ts';
import { outcome } from './outcome.ts';
import { resourcesAndPairs } from './pairs.ts';
import { NoPodTemplate, patchOf, podTemplateOf } from './pod-template.ts';
import { dryRunFlag, dryRunOf, fieldManagerFlag, filenameFlags, filenamesOf, selectorFlag } from './shared-flags.ts';

const image: Command = {
  name: 'image',
  short: 'Change the images of containers',
  usage:
    'set image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N',
  examples: "kubectl set image deployment/web nginx=nginx:1.16\nkubectl set image deployments --all '*=nginx:1.16'",
  flags: [
    boolFlag('all', false, 'All objects of the types named'),
    ...outputFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-set'),
    ...filenameFlags,
    boolFlag('local', false, 'Only change and print the manifests of -f; ask no server'),
    selectorFlag,
  ],
  run: setImage,
};

export const command: Command = {
  name: 'set',
  short: 'Change one part of an object',
  usage: 'set SUBCOMMAND',
  subcommands: [image],
};

async function setImage(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  const { resources, pairs } = resourcesAndPairs(args, 'image');
  const filenames = filenamesOf(flags);
  const images = imagesOf(pairs);
  const dryRun = dryRunOf(flags);
  const local = flags.bool('local');
  const told = await outcome(call, dryRun);
  const { infos, errors } = local
    ? await localInfos(call, filenames)
    : await select(session, terminal, {
        args: resources,
        filenames,
        recursive: flags.bool('recursive'),
        selector: flags.string('selector'),
        all: flags.bool('all'),
        fetch: true,
      });
  throwAll(errors);
  const problems: CommandFailure[] = [];
  if (flags.bool('all') && flags.string('selector') !== '')
    problems.push(new CommandFailure('cannot set --all and --selector at the same time'));
  if (resources.length === 0 && filenames.length === 0) {
    problems.push(
      new CommandFailure('one or more resources must be specified as <resource> <name> or <resource>/<name>'),
    );
  }
  if (images.size === 0) problems.push(new CommandFailure('at least one image update is required'));
  else if (images.size > 1 && images.has('*')) {
    problems.push(
      new CommandFailure(
        'all containers are already specified as *, but one or more specific containers are also specified',
      ),
    );
  }
  if (local && dryRun === 'server')
    problems.push(new CommandFailure('cannot specify --local and --dry-run=server - did you mean --dry-run=client?'));
  throwAll(problems);
  const failed: unknown[] = [];
  for (const info of infos) {
    try {
      const patch = patchOf(info, (object) => setImages(podTemplateOf(object).spec!, images));
      if (local || dryRun === 'client') {
        const changed = clone(info.object!);
        setImages(podTemplateOf(changed).spec!, images);
        told.tell(info.resource, changed, 'image updated');
        continue;
      }
      if (!patch) continue;
      const object = await patchObject(session, info, patch.type, patch.body, {
        fieldManager: flags.string('field-manager'),
        serverDryRun: dryRun === 'server',
      });
      told.tell(info.resource, object, 'image updated');
    } catch (error) {
      const named = error instanceof NoPodTemplate;
      failed.push(named ? new CommandFailure(`error: ${info.resource.name}/${info.name} ${messageOf(error)}`) : error);
    }
  }
  throwAll(failed);
}

function imagesOf(pairs: readonly string[]): Map<string, string> {
  const images = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 0) throw new CommandFailure(`invalid image format: ${pair}`);
    images.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return images;
}

function setImages(
  spec: { containers?: Container[]; initContainers?: Container[] },
  images: ReadonlyMap<string, string>,
): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  for (const [name, image] of images) {
    const chosen = containers.filter((container) => name === '*' || container.name === name);
    if (chosen.length === 0) throw new CommandFailure(`unable to find container named ${JSON.stringify(name)}`);
    for (const container of chosen) container.image = image;
  }
}
