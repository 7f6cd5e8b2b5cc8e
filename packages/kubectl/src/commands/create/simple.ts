import { randomSuffix } from '@coracle/api/meta/names';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { intFlag, stringSliceFlag } from '../../cli/flags.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { createGenerated, generatorFlags, manifestNamespace, nameArgument } from './generator.ts';

export const namespace: Command = {
  name: 'namespace',
  aliases: ['ns'],
  short: 'Create a namespace',
  usage: 'create namespace NAME [--dry-run=server|client|none]',
  flags: generatorFlags,
  async run(call) {
    const manifest = {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name: nameArgument(call), creationTimestamp: null },
      spec: {},
      status: {},
    } as unknown as AnyObject;
    await createGenerated(call, manifest, { group: '', namespaced: false });
  },
};

export const serviceAccount: Command = {
  name: 'serviceaccount',
  aliases: ['sa'],
  short: 'Create a service account',
  usage: 'create serviceaccount NAME [--dry-run=server|client|none]',
  flags: generatorFlags,
  async run(call) {
    const manifest = {
      kind: 'ServiceAccount',
      apiVersion: 'v1',
      metadata: { name: nameArgument(call), ...manifestNamespace(call), creationTimestamp: null },
    } as unknown as AnyObject;
    await createGenerated(call, manifest, { group: '', namespaced: true, failure: 'failed to create serviceaccount:' });
  },
};

export const deployment: Command = {
  name: 'deployment',
  aliases: ['deploy'],
  short: 'Create a deployment of an image',
  usage: 'create deployment NAME --image=image -- [COMMAND] [args...]',
  flags: [
    ...generatorFlags,
    stringSliceFlag('image', [], 'Image to run; several make several containers', { required: true }),
    intFlag('port', -1, 'Port the containers listen on', { bits: 32 }),
    intFlag('replicas', 1, 'How many pods to run', { short: 'r', bits: 32 }),
  ],
  run: createDeployment,
};

async function createDeployment(call: Call): Promise<void> {
  const { flags, args, dash } = call;
  const name = nameArgument(call);
  const images = flags.strings('image');
  const command = dash < 0 ? [] : args.slice(dash);
  if (images.length > 1 && command.length > 0) {
    throw new CommandFailure(`cannot specify multiple --image options and command`);
  }
  if (flags.int('replicas') < 0)
    throw new CommandFailure(`--replicas must be non-negative, got: ${flags.int('replicas')}`);
  const labels = { app: name };
  const port = flags.int('port');
  const containers = images.map((image, i) => ({
    name: containerName(image),
    image,
    ...(command.length > 0 ? { command } : {}),
    ...(i === 0 && port >= 0 ? { ports: [{ containerPort: port }] } : {}),
    resources: {},
  }));
  const manifest = {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name, ...manifestNamespace(call), creationTimestamp: null, labels },
    spec: {
      replicas: flags.int('replicas'),
      selector: { matchLabels: labels },
      template: { metadata: { creationTimestamp: null, labels }, spec: { containers } },
      strategy: {},
    },
    status: {},
  } as unknown as AnyObject;
  await createGenerated(call, manifest, { group: 'apps', namespaced: true, failure: 'failed to create deployment:' });
}

/** The last part of an image's name without tag and digest; with a random end where it had to be changed to be a container's name. */
function containerName(image: string): string {
  const name = image
    .slice(image.lastIndexOf('/') + 1)
    .split(':')[0]!
    .split('@')[0]!;
  return /[_.]/.test(name) ? `${name.replaceAll(/[_.]/g, '-')}-${randomSuffix()}` : name;
}
