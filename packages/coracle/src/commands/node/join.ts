import { hostname } from 'node:os';
import { isDns1123Subdomain } from '@coracle/api/meta/names';
import { FlagError, mapFlag, stringArrayFlag, stringFlag } from '@coracle/process/flags';
import { command } from '../../cli/command.ts';
import { Progress } from '../../cli/progress.ts';
import { interruptible } from '../../cluster/interrupt.ts';
import { nodeWishes } from '../../cluster/wishes.ts';
import { checkMachine, lookAround } from '../../join/checks.ts';
import { askCluster } from '../../join/credentials.ts';
import { discover } from '../../join/discovery.ts';
import { withNodeImages } from '../../join/images.ts';
import { addressTowards, joinCluster, machineNodeFacts } from '../../join/join.ts';
import { checkedPins } from '../../join/pin.ts';
import { readToken } from '../../join/token.ts';
import { registryFlags, registryOptions } from '../../registry/flags.ts';
import { exclusively } from '../../system/lock.ts';
import { thisMachine } from '../../system/machine.ts';
import { defaultBase } from '../../system/place.ts';

export default command({
  name: 'node join',
  about: 'make this machine a node of a cluster that runs elsewhere',
  description: `Makes this machine, which runs systemd, a worker of a cluster: a containerd of its own, and kubelet, kube-proxy and overlay as system
containers. 'coracle token create --print-join-command' on a control plane prints the whole command line. Nothing is changed before the machine and
the cluster were found fit for each other, and when a step fails, all that was done is undone.`,
  examples: [
    'coracle node join --server https://10.0.0.1:6443 --token abcdef.0123456789abcdef --ca-cert-hash sha256:…',
    'coracle node join … --images registry.example/coracle --labels disk=fast',
  ],
  flags: {
    server: stringFlag({ help: 'where the API of the cluster is, https://HOST:PORT' }),
    token: stringFlag({ help: 'the token to join with' }),
    'ca-cert-hash': stringArrayFlag({
      help: "the digest of the key of the cluster's authority, sha256:…; may be repeated",
    }),
    name: stringFlag({ help: 'the name of the node (default: the host name)' }),
    labels: mapFlag({ help: 'labels of the node' }),
    images: stringFlag({
      help: 'where its images are: a `folder` of OCI archives (kubelet.tar …), or what their names in a registry begin with (default: built here)',
    }),
    ...registryFlags,
  },
  async run({ flags }) {
    for (const it of ['server', 'token'] as const) if (flags[it] === '') throw new FlagError(`--${it} is needed`);
    const token = readToken(flags.token);
    const pins = checkedPins(flags['ca-cert-hash']);
    const name = nodeNameOf(flags.name);
    const labels = labelsOf(flags.labels);
    const place = { root: '/', base: defaultBase };
    checkMachine(await lookAround(place));
    const progress = new Progress();
    return interruptible(async (signal) => {
      const found = await progress.step(
        'cluster found, and trusted',
        async () => askCluster(await discover({ server: flags.server, token, pins, signal }), token, name),
        (it) => `cluster ${it.settings.cluster} ${it.settings.version} at ${it.access.server} found, and trusted`,
      );
      const address = await addressTowards(found.access.server);
      const node = { name, address, labels, facts: machineNodeFacts() };
      await withNodeImages(flags.images, registryOptions(flags), (images) =>
        exclusively(place, 'node join', () =>
          joinCluster({ place, machine: thisMachine, progress, signal }, found, node, images),
        ),
      );
      progress.note(`This machine is node ${name} of cluster ${found.settings.cluster}, at ${address}.`);
      return 0;
    });
  },
});

function nodeNameOf(given: string): string {
  const name = given === '' ? hostname().trim().toLowerCase() : given;
  const [problem] = isDns1123Subdomain(name);
  if (problem === undefined) return name;
  throw new FlagError(`${JSON.stringify(name)} cannot be the name of a node: ${problem}`);
}

/** Those a kubelet may give its own node. */
function labelsOf(given: Readonly<Record<string, string>>): Record<string, string> {
  const parsed = nodeWishes.shape.labels.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new FlagError(parsed.error.issues.map((it) => `--labels: ${it.path.join()}: ${it.message}`).join('\n'));
}
