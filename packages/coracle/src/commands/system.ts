import { resolve } from 'node:path';
import {
  boolFlag,
  choiceFlag,
  durationFlag,
  FlagError,
  type FlagValues,
  stringArrayFlag,
  stringFlag,
} from '@coracle/process/flags';
import { command } from '../cli/command.ts';
import { Progress, seconds } from '../cli/progress.ts';
import { table } from '../cli/table.ts';
import { fail } from '../failure.ts';
import { withImage } from '../images/source.ts';
import { registryFlags, registryOptions } from '../registry/flags.ts';
import { currentDeployment, type Deployment, systemContainers } from '../system/deployment.ts';
import { install, type Operation } from '../system/install.ts';
import { listContainers } from '../system/list.ts';
import { exclusively } from '../system/lock.ts';
import { machineOf } from '../system/machine.ts';
import { checkSystemName, defaultBase, type SystemPlace } from '../system/place.ts';
import { remove, removeData } from '../system/remove.ts';
import { recover } from '../system/switch.ts';
import { configure, rollback, type Updated, update } from '../system/update.ts';
import { verify } from '../system/verify.ts';

const flags = {
  name: stringFlag({ help: "what the container is called (install; default: the last part of the image's name)" }),
  set: stringArrayFlag({ help: 'a setting of the image, `NAME=VALUE`; may be repeated (install, update, configure)' }),
  root: stringFlag({ default: '/', help: 'the `folder` of a machine that does not run: nothing is started there' }),
  base: stringFlag({ default: defaultBase, help: 'the `folder` on the machine that system containers are kept in' }),
  'health-timeout': durationFlag({
    help: 'how long a container may take until it is healthy (default: what its image says)',
  }),
  purge: boolFlag({ help: 'remove the data of the container too (uninstall)' }),
  output: choiceFlag({ shorthand: 'o', choices: ['', 'json'], help: "'json' for programs (list, verify)" }),
  ...registryFlags,
};

type Flags = FlagValues<typeof flags>;

interface Action {
  usage: string;
  least: number;
  most: number;
  run(args: readonly string[], flags: Flags): Promise<number>;
}

const actions: Record<string, Action> = {
  install: { usage: ' IMAGE', least: 1, most: 1, run: ([image], it) => runInstall(image!, it) },
  uninstall: { usage: ' NAME', least: 1, most: 1, run: ([name], it) => runUninstall(name!, it) },
  update: { usage: ' NAME [IMAGE]', least: 1, most: 2, run: ([name, image], it) => runUpdate(name!, image, it) },
  configure: { usage: ' NAME', least: 1, most: 1, run: ([name], it) => runConfigure(name!, it) },
  rollback: { usage: ' NAME', least: 1, most: 1, run: ([name], it) => runRollback(name!, it) },
  list: { usage: '', least: 0, most: 0, run: (_, it) => runList(it) },
  verify: { usage: ' [NAME …]', least: 0, most: 100, run: (names, it) => runVerify(names, it) },
};

export default command({
  name: 'system',
  about: 'run programs of this machine from images, as systemd units: install, update, roll back',
  arguments: { usage: 'install|uninstall|update|configure|rollback|list|verify [ARGUMENTS]', least: 1, most: 100 },
  description: `System containers are images that systemd runs by runc, in the manner of Atomic Host; neither Docker nor containerd is needed.

coracle system install IMAGE        checks an image out, renders its unit and runc's configuration, and starts it
coracle system update NAME [IMAGE]  brings it to another image, or to new settings; goes back by itself when that is not healthy
coracle system configure NAME       brings it to other settings or arguments, and keeps its image
coracle system rollback NAME        switches back to the version before
coracle system uninstall NAME       removes it, all but its data
coracle system list                 shows the system containers of this machine
coracle system verify [NAME …]      compares them with what their images' names stand for now; exits with 1 when one differs

IMAGE is the name of an image of 'coracle image list', a reference in a registry, or oci-archive:FILE.`,
  examples: [
    'coracle system install etcd',
    'coracle system install registry.example/coracle/kubelet:v1.36.0 --set ARGS_FILE=/etc/kubelet.args',
    'coracle system update kubelet registry.example/coracle/kubelet:v1.36.1',
  ],
  flags,
  async run({ flags: values, args: [action = '', ...rest] }) {
    const chosen = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!chosen) {
      throw new FlagError(
        `unknown command ${JSON.stringify(action)} for "coracle system"; there is ${Object.keys(actions).join(', ')}`,
      );
    }
    if (rest.length < chosen.least || rest.length > chosen.most) {
      throw new FlagError(`usage: coracle system ${action}${chosen.usage} [flags]`);
    }
    if (process.getuid?.() !== 0) fail('system containers belong to root', { next: 'Run it again as root.' });
    return chosen.run(rest, values);
  },
});

async function runInstall(named: string, values: Flags): Promise<number> {
  const operation = operationOf(values.name === '' ? nameOf(named) : checkSystemName(values.name), values);
  const progress = new Progress();
  return changing(operation.place, 'install', progress, () =>
    withImage(named, registryOptions(values), async (image, reference) => {
      const made = await progress.step(
        `${operation.name} installed`,
        () => install(operation, image, reference, values.set),
        (it) => `${operation.name} ${it.version} installed${operation.machine.running ? ', and healthy' : ''}`,
      );
      return tell(made);
    }),
  );
}

async function runUpdate(name: string, named: string | undefined, values: Flags): Promise<number> {
  const operation = operationOf(checkSystemName(name), values);
  const progress = new Progress();
  return changing(operation.place, 'update', progress, () => {
    const from = named ?? currentDeployment(operation.place, name).image;
    return withImage(from, registryOptions(values), async (image, reference) => {
      const { before, after, same } = await progress.step(
        `${name} updated`,
        () => update(operation, image, reference, values.set),
        cameOf,
      );
      return same ? 0 : tell(after, before);
    });
  });
}

async function runConfigure(name: string, values: Flags): Promise<number> {
  const operation = operationOf(checkSystemName(name), values);
  const progress = new Progress();
  return changing(operation.place, 'configure', progress, async () => {
    await progress.step(`${name} configured`, () => configure(operation, values.set), cameOf);
    return 0;
  });
}

const cameOf = ({ before, after, same }: Updated): string => {
  if (same) return `${before.name} ${before.version} is up to date`;
  if (before.digest === after.digest) return `${after.name} ${after.version} runs as it is now configured`;
  return `${after.name} ${after.version} runs instead of ${before.version}`;
};

async function runRollback(name: string, values: Flags): Promise<number> {
  const operation = operationOf(checkSystemName(name), values);
  const progress = new Progress();
  return changing(operation.place, 'rollback', progress, async () => {
    const { before, after, took } = await progress.step(
      `${name} rolled back`,
      () => rollback(operation),
      (it) => `${name} ${it.after.version} runs again`,
    );
    progress.note(`    stopped, switched and started in ${seconds(took)}`);
    return tell(after, before);
  });
}

async function runUninstall(name: string, values: Flags): Promise<number> {
  const { place, machine } = operationOf(checkSystemName(name), values);
  const progress = new Progress();
  return changing(place, 'uninstall', progress, async () => {
    const { dataFolders } = currentDeployment(place, name);
    await progress.step(`${name} uninstalled`, () => remove(place, machine, name));
    if (values.purge) removeData(place, dataFolders);
    else if (dataFolders.length > 0)
      progress.note(`    its data stays: ${dataFolders.join(', ')} (--purge removes it)`);
    return 0;
  });
}

async function runList(values: Flags): Promise<number> {
  const place = placeOf(values);
  const listed = await listContainers(place, machineOf(place));
  if (values.output === 'json') process.stdout.write(`${JSON.stringify(listed, undefined, 2)}\n`);
  else {
    const rows = listed.map((it) => [it.name, it.image, it.version, it.state, it.backend, it.runtime]);
    process.stdout.write(table([['NAME', 'IMAGE', 'VERSION', 'STATE', 'BACKEND', 'RUNTIME'], ...rows]));
  }
  return 0;
}

async function runVerify(names: readonly string[], values: Flags): Promise<number> {
  const place = placeOf(values);
  const chosen = names.length > 0 ? names.map(checkSystemName) : systemContainers(place);
  const verified = [];
  for (const name of chosen) verified.push(await verify(currentDeployment(place, name), registryOptions(values)));
  if (values.output === 'json') process.stdout.write(`${JSON.stringify(verified, undefined, 2)}\n`);
  else {
    const rows = verified.map((it) => [it.name, it.local, it.remote, it.differs ? 'yes' : 'no']);
    process.stdout.write(table([['NAME', 'LOCAL VERSION', 'REMOTE VERSION', 'DIFFERS'], ...rows]));
  }
  return verified.some((it) => it.differs) ? 1 : 0;
}

/** Runs what changes something: alone, and after what an earlier command left unfinished is put right. */
function changing(place: SystemPlace, doing: string, progress: Progress, work: () => Promise<number>): Promise<number> {
  return exclusively(place, `system ${doing}`, () => {
    for (const it of recover(place)) progress.note(`    ${it}`);
    return work();
  });
}

function operationOf(name: string, values: Flags): Operation {
  const place = placeOf(values);
  const limit = values['health-timeout'];
  return { place, machine: machineOf(place), name, ...(limit > 0 ? { limit } : {}) };
}

function placeOf(values: Flags): SystemPlace {
  if (!values.base.startsWith('/')) throw new FlagError(`--base ${values.base} is not an absolute path`);
  return { root: resolve(values.root), base: resolve(values.base) };
}

/** `registry.example/coracle/kubelet:v1` -> `kubelet` */
function nameOf(image: string): string {
  const last = image.split('/').at(-1)!.split(/[:@]/)[0]!;
  return checkSystemName(last.replace(/\.tar$/, ''));
}

function tell(after: Deployment, before?: Deployment): number {
  const from = before && before.digest !== after.digest ? `  was ${before.image}@${before.digest}\n` : '';
  process.stdout.write(`${after.image}@${after.digest}\n${from}`);
  return 0;
}
