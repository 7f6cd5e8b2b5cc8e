import type { Pod } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, durationFlag, stringFlag, stringsFlag } from '../cli/flags.ts';
import { choosePod, defaultContainer, podsOfObject } from '../resources/pods.ts';
import { select } from '../resources/selection.ts';
import { remoteOptions, runRemote } from '../rest/remote-command.ts';

export const command: Command = {
  name: 'exec',
  short: 'Run a command in a container',
  usage: 'exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]',
  examples: 'kubectl exec web-1 -- date\nkubectl exec -it deployment/web -- sh',
  flags: [
    stringFlag('container', '', 'The container; without it the default one', { short: 'c' }),
    stringsFlag('filename', [], 'File that names the object', { short: 'f' }),
    durationFlag('pod-running-timeout', 60_000, 'How long to wait for a pod of the workload'),
    boolFlag('quiet', false, "Only show the command's own output", { short: 'q' }),
    boolFlag('stdin', false, 'Pass stdin to the container', { short: 'i' }),
    boolFlag('tty', false, 'Stdin is a terminal', { short: 't' }),
  ],
  run: exec,
};

async function exec(call: Call): Promise<void> {
  const { args, dash, flags, session, terminal, path } = call;
  const filenames = flags.strings('filename');
  if (filenames.length === 0 && (args.length === 0 || dash === 0))
    throw new CommandFailure('pod, type/name or --filename must be specified');
  if (dash < 0 && args.length > 1) {
    throw new UsageFailure(path, 'exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead');
  }
  const words = dash < 0 ? [] : args.slice(dash);
  if (words.length === 0) throw new CommandFailure('you must specify at least one command for the container');
  const [pod] = await podOf(call, filenames);
  const phase = pod!.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new CommandFailure(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  }
  // A container that is named is for the server to find.
  const container = flags.string('container') || defaultContainer(pod!, terminal.stderr, flags.bool('quiet'));
  const options = remoteOptions(terminal, flags.bool('stdin'), flags.bool('tty'), flags.bool('quiet'));
  const { name, namespace } = pod!.metadata;
  const execPath = `/api/v1/namespaces/${encodeURIComponent(namespace!)}/pods/${encodeURIComponent(name!)}/exec`;
  await runRemote(session.rest, terminal, execPath, { command: words, container }, options);
}

async function podOf(call: Call, filenames: readonly string[]): Promise<Pod[]> {
  const { args, flags, session, terminal } = call;
  const options = { timeoutMs: flags.duration('pod-running-timeout') };
  if (filenames.length === 0) return choosePod(session, terminal, args[0]!, options);
  const { infos, errors } = await select(session, terminal, { filenames, fetch: true });
  if (errors.length > 0) throw errors[0];
  return podsOfObject(session, terminal, infos[0]!, options);
}
