import type { Pod } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, durationFlag, stringFlag } from '../cli/flags.ts';
import { allContainers, choosePod, defaultContainer } from '../resources/pods.ts';
import { remoteOptions, runRemote } from '../rest/remote-command.ts';

export const command: Command = {
  name: 'attach',
  short: 'Join the streams of a running container',
  usage: 'attach (POD | TYPE/NAME) -c CONTAINER',
  flags: [
    stringFlag('container', '', 'The container; without it the default one', { short: 'c' }),
    durationFlag('pod-running-timeout', 60_000, 'How long to wait for a pod of the workload'),
    boolFlag('quiet', false, "Only show the container's own output", { short: 'q' }),
    boolFlag('stdin', false, 'Pass stdin to the container', { short: 'i' }),
    boolFlag('tty', false, 'Stdin is a terminal', { short: 't' }),
  ],
  run: attach,
};

async function attach(call: Call): Promise<void> {
  const { args, flags, session, terminal, path } = call;
  if (args.length === 0) throw new CommandFailure('at least 1 argument is required for attach');
  if (args.length > 2)
    throw new UsageFailure(
      path,
      `expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(' ')}]`,
    );
  const target = args.length === 2 ? `${args[0]}/${args[1]}` : args[0]!;
  const [pod] = await choosePod(session, terminal, target, { timeoutMs: flags.duration('pod-running-timeout') });
  const phase = pod!.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new CommandFailure(`cannot attach a container in a completed pod; current phase is ${phase}`);
  }
  const quiet = flags.bool('quiet');
  const name = containerOf(pod!, flags.string('container'), terminal.stderr, quiet);
  const container = [...pod!.spec.containers, ...(pod!.spec.initContainers ?? [])].find((each) => each.name === name);
  let tty = flags.bool('tty');
  if (tty && container && !container.tty) {
    tty = false;
    if (!quiet) terminal.stderr.write(`Unable to use a TTY - container ${name} did not allocate one\n`);
  } else if (!tty && container?.tty) tty = true;
  const options = remoteOptions(terminal, flags.bool('stdin'), tty && flags.bool('stdin'), quiet);
  if (options.stdin && options.tty && !quiet)
    terminal.stderr.write("If you don't see a command prompt, try pressing enter.\n");
  const { name: podName, namespace } = pod!.metadata;
  const attachPath = `/api/v1/namespaces/${encodeURIComponent(namespace!)}/pods/${encodeURIComponent(podName!)}/attach`;
  await runRemote(session.rest, terminal, attachPath, { container: name }, options);
}

/** The container named, which must be there, or the default one. */
function containerOf(pod: Pod, given: string, stderr: { write(text: string): unknown }, quiet: boolean): string {
  if (given === '') return defaultContainer(pod, stderr, quiet);
  if (!allContainers(pod).some((each) => each.name === given)) {
    throw new CommandFailure(
      `cannot attach to the container: container ${given} not found in pod ${pod.metadata.name}`,
    );
  }
  return given;
}
