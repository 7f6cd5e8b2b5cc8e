import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withImage } from '../images/source.ts';
import { fakeMachine } from '../testing/fake-machine.ts';
import { systemImage } from '../testing/system-image.ts';
import { currentSlot, linkTarget, readDeployment } from './deployment.ts';
import { install } from './install.ts';
import { defaultBase, pathsOf } from './place.ts';
import { recover } from './switch.ts';
import { update } from './update.ts';

const driver = fileURLToPath(new URL('../testing/system-driver.ts', import.meta.url));

let folder: string;
let images: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-crash-'));
  images = [await systemImage(folder, { version: 'v1' }), await systemImage(folder, { version: 'v2' })];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A tree to install into. */
const tree = (): string => {
  const root = mkdtempSync(join(folder, 'root-'));
  mkdirSync(join(root, 'etc'));
  return root;
};
const placeOf = (root: string) => ({ root, base: defaultBase });

type Action = 'install' | 'update';

/** Installs or updates undisturbed; resolves to the steps on the way. */
async function carryOut(action: Action, root: string, image: string): Promise<string[]> {
  const steps: string[] = [];
  const step = (name: string) => steps.push(name);
  const operation = { place: placeOf(root), machine: fakeMachine(), name: 'web', step };
  const work = action === 'install' ? install : update;
  await withImage(image, {}, async (it) => void (await work(operation, it, image, [])));
  return steps;
}

/** Does so in a process that is killed at a step. */
function killedAt(step: string, action: Action, root: string, image: string): void {
  const args = ['--disable-warning=ExperimentalWarning', driver, action, root, image, step];
  // Who is killed removes no temporary folder of its own.
  const env = { ...process.env, TMPDIR: folder };
  const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  expect([step, signal, stderr]).toEqual([step, 'SIGKILL', '']);
}

/** What a boot would start now: the version in the image's root, the unit, and the notes, which have to agree. */
function bootable(root: string): string | undefined {
  const place = placeOf(root);
  const slot = currentSlot(place, 'web');
  if (slot === undefined) return undefined;
  const deployment = readDeployment(place, 'web', slot)!;
  const version = readFileSync(join(deployment.folder, 'rootfs/version'), 'utf8');
  const unit = readFileSync(pathsOf(place, 'web').unit, 'utf8');
  expect(deployment.version).toBe(version);
  expect(unit).toContain(`ExecStart=runc run --bundle ${defaultBase}/web.${slot} web\nEnvironment=VERSION=${version}`);
  expect(JSON.parse(readFileSync(join(deployment.folder, 'config.json'), 'utf8'))).toMatchObject({
    root: { path: 'rootfs' },
  });
  return version;
}

/** What has to hold of everything around it once `recover` has run. */
function expectConsistent(root: string): void {
  const place = placeOf(root);
  const paths = pathsOf(place, 'web');
  const version = bootable(root);
  const slot = currentSlot(place, 'web');
  const names = existsSync(paths.base) ? readdirSync(paths.base) : [];
  expect(names.filter((it) => /new|old/.test(it))).toEqual([]);
  if (version === undefined) {
    expect(names).toEqual([]);
    expect(existsSync(paths.tmpfiles)).toBe(false);
    return;
  }
  expect(linkTarget(place, 'web')).toBe(`web.${slot}`);
  expect(readFileSync(paths.tmpfiles, 'utf8')).toContain(`/run/web-${version} `);
}

describe('a power loss', () => {
  it('at any step of an installation leaves nothing to boot or all of it, and what is left is put right', async () => {
    const steps = await carryOut('install', tree(), images[0]!);
    expect(steps).toContain('unit written');
    for (const [index, step] of steps.entries()) {
      const root = tree();
      killedAt(step, 'install', root, images[0]!);
      const committed = index >= steps.indexOf('unit written');
      expect([step, bootable(root)]).toEqual([step, committed ? 'v1' : undefined]);
      recover(placeOf(root));
      expectConsistent(root);
      if (!committed) await carryOut('install', root, images[0]!);
      expect(bootable(root)).toBe('v1');
    }
  }, 120_000);

  it('at any step of an update leaves one whole version to boot, and what is left is put right', async () => {
    const first = tree();
    await carryOut('install', first, images[0]!);
    const steps = await carryOut('update', first, images[1]!);
    expect(bootable(first)).toBe('v2');
    for (const [index, step] of steps.entries()) {
      const root = tree();
      await carryOut('install', root, images[0]!);
      killedAt(step, 'update', root, images[1]!);
      const [version, other] = index >= steps.indexOf('unit written') ? ['v2', images[0]!] : ['v1', images[1]!];
      expect([step, bootable(root)]).toEqual([step, version]);
      recover(placeOf(root));
      expectConsistent(root);
      await carryOut('update', root, other);
      expect(bootable(root)).toBe(version === 'v2' ? 'v1' : 'v2');
      expectConsistent(root);
    }
  }, 120_000);
});
