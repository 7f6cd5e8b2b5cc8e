import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { lease } from '@coracle/api/coordination/v1/lease';
import { configMap } from '@coracle/api/core/v1/configmap';
import { parseTime } from '@coracle/api/meta/time';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

const program = fileURLToPath(new URL('./testing/leader.ts', import.meta.url));
/** A busy machine must not cost the second leader its lease. */
const times = { leaseDuration: 7500, renewDeadline: 5000, retryPeriod: 200 };
let server: SecureServer;
let children: ChildProcess[];

beforeEach(async () => {
  server = await startSecureServer();
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server.close();
});

interface Leader {
  child: ChildProcess;
  exit: Promise<number | null>;
  log(): string;
}

async function start(name: string): Promise<Leader> {
  const config = await server.configOf(name, 'system:masters');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, name, JSON.stringify(config), JSON.stringify(times)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  children.push(child);
  let log = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  return { child, exit: new Promise((resolve) => child.once('exit', resolve)), log: () => log };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The revisions at which objects of a writer were made, in order. */
const writesOf = (name: string): number[] =>
  server.registry
    .cachedList(configMap, 'default')
    .filter(({ metadata }) => metadata.name!.startsWith(`${name}-`))
    .map(({ metadata }) => Number(metadata.resourceVersion))
    .sort((a, b) => a - b);

/** The revisions at which the lease got its holder. */
function followHolders(): Map<string, number> {
  const since = new Map<string, number>();
  server.registry.onChange(lease, ({ object }) => {
    const holder = object.metadata.name === 'boss' ? object.spec?.holderIdentity : undefined;
    if (holder && !since.has(holder)) since.set(holder, Number(object.metadata.resourceVersion));
  });
  return since;
}

it('a leader that was stopped writes nothing after the next one began, and exits', async () => {
  const holders = followHolders();
  const first = await start('first');
  await until(() => writesOf('first').length > 20, 'the first leader writes');
  const second = await start('second');
  first.child.kill('SIGUSR2');
  await until(() => writesOf('second').length > 20, 'the second leader writes');
  first.child.kill('SIGCONT');
  expect(await first.exit).toBe(1);
  expect(first.log()).toContain('leaderelection lost');
  const before = writesOf('second').length;
  await until(() => writesOf('second').length > before + 20, 'the second leader goes on');
  expect(writesOf('first').at(-1)).toBeLessThan(holders.get('second')!);
  expect(second.child.exitCode).toBeNull();
}, 120_000);

it('a leader that was stopped too long exits even when nobody took over', async () => {
  const first = await start('first');
  await until(() => writesOf('first').length > 20, 'the first leader writes');
  first.child.kill('SIGUSR2');
  const renewed = () => parseTime(server.registry.cached(lease, 'boss', 'kube-system')!.spec!.renewTime!);
  await until(() => Date.now() - renewed() > times.renewDeadline, 'its time to renew is over');
  first.child.kill('SIGCONT');
  expect(await first.exit).toBe(1);
  expect(first.log()).toContain('leaderelection lost');
}, 120_000);
