import { StatusError } from '@coracle/api/meta/status';
import type { Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { durationFlag, stringFlag, stringsFlag } from '../../cli/flags.ts';
import { outputFlags, prepareTemplates, printerOf } from '../../print/printer.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { nameArgument } from './generator.ts';

const boundKinds: Record<string, string> = { Pod: 'v1', Secret: 'v1', Node: 'v1' };

export const token: Command = {
  name: 'token',
  short: 'Ask for a token of a service account',
  usage: 'create token SERVICE_ACCOUNT_NAME',
  flags: [
    ...outputFlags,
    stringsFlag('audience', [], 'Audience the token is for; may be repeated'),
    stringFlag('bound-object-kind', '', 'Kind of the object the token lives and dies with: Pod, Secret or Node'),
    stringFlag('bound-object-name', '', 'Name of that object'),
    stringFlag('bound-object-uid', '', 'UID of that object'),
    durationFlag('duration', 0, 'How long the token is valid; the server may change it'),
  ],
  async run(call) {
    const { flags, session, terminal } = call;
    const name = nameArgument(call);
    const { namespace } = session.namespace();
    const boundKind = flags.string('bound-object-kind');
    const boundName = flags.string('bound-object-name');
    const boundUid = flags.string('bound-object-uid');
    if (boundKind === '') {
      if (boundName !== '')
        throw new CommandFailure('--bound-object-name can only be set if --bound-object-kind is provided');
      if (boundUid !== '')
        throw new CommandFailure('--bound-object-uid can only be set if --bound-object-kind is provided');
    } else {
      if (!boundKinds[boundKind])
        throw new CommandFailure(
          `supported --bound-object-kind values are ${Object.keys(boundKinds).sort().join(', ')}`,
        );
      if (boundName === '')
        throw new CommandFailure('--bound-object-name is required if --bound-object-kind is provided');
    }
    if (flags.duration('duration') < 0) throw new CommandFailure('--duration must be greater than or equal to 0');
    if (flags.duration('duration') % 1000 !== 0)
      throw new CommandFailure('--duration cannot be expressed in units less than seconds');
    const seconds = flags.duration('duration') / 1000;
    const request = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: null },
      spec: {
        audiences: flags.strings('audience').length > 0 ? flags.strings('audience') : null,
        expirationSeconds: seconds > 0 ? seconds : null,
        boundObjectRef:
          boundKind === ''
            ? null
            : {
                kind: boundKind,
                apiVersion: boundKinds[boundKind],
                name: boundName,
                ...(boundUid ? { uid: boundUid } : {}),
              },
      },
    };
    await prepareTemplates(flags);
    const printer = printerOf(flags);
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}/token`;
    const answer = await session.rest
      .json<AnyObject & { status?: { token?: string } }>('POST', path, { body: request })
      .catch((error: unknown) => {
        throw error instanceof StatusError ? new CommandFailure(`failed to create token: ${error.message}`) : error;
      });
    if (!answer.status?.token) throw new CommandFailure('failed to create token: no token in server response');
    terminal.stdout.write(printer ? printer.print(answer) : `${answer.status.token}\n`);
  },
};
