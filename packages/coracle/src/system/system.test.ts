import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withImage } from '../images/source.ts';
import { fakeMachine } from '../testing/fake-machine.ts';
import { systemImage } from '../testing/system-image.ts';
import { currentDeployment, systemContainers } from './deployment.ts';
import { parseCheck } from './health.ts';
import { install } from './install.ts';
import { checkSystemName, defaultBase, pathsOf } from './place.ts';
import { remove } from './remove.ts';
import { configure, rollback, update } from './update.ts';
import { verify } from './verify.ts';

let folder: string;
let root: string;
let sick: boolean;
let machine: ReturnType<typeof fakeMachine>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-system-'));
  root = join(folder, 'root');
  mkdirSync(join(root, 'etc'), { recursive: true });
  sick = false;
  machine = fakeMachine(() => sick);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = () => ({ root, base: defaultBase });
const paths = () => pathsOf(place(), 'web');
const operation = () => ({ place: place(), machine, name: 'web', limit: 100 });
const installed = (image: string, ...set: string[]) =>
  withImage(image, {}, (it) => install(operation(), it, image, set));
const updated = (image: string, ...set: string[]) => withImage(image, {}, (it) => update(operation(), it, image, set));
const image = (version: string, exports: Record<string, string | undefined> = {}) =>
  systemImage(folder, { version, exports });
const argsOf = () =>
  (JSON.parse(readFileSync(join(paths().link, 'config.json'), 'utf8')) as { process: { args: string[] } }).process.args;
/** All files below the tree. */
const files = () => readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();

describe('install', () => {
  it('checks out, renders, enables and starts', async () => {
    writeFileSync(join(root, 'etc/args'), '# arguments\n--one\n\n  --two=a b\n');
    const made = await installed(await image('v1'), 'ARGS_FILE=/etc/args', 'GREETING=good "day"');
    expect(made).toMatchObject({ name: 'web', version: 'v1', slot: 0 });
    expect(argsOf()).toEqual(['/bin/program', 'good "day"', '--one', '--two=a b']);
    expect(readlinkSync(paths().link)).toBe('web.0');
    expect(readFileSync(paths().tmpfiles, 'utf8')).toBe('d /run/web-v1 0755 root root -\n');
    const wanted = join(root, 'etc/systemd/system/multi-user.target.wants/web.service');
    expect(readlinkSync(wanted)).toBe('/etc/systemd/system/web.service');
    expect(machine.asked).toEqual(['reload', 'create files', 'start']);
    expect(systemContainers(place())).toEqual(['web']);
  });

  it('that does not become healthy is undone, and shows what it wrote', async () => {
    const before = files();
    sick = true;
    await expect(installed(await image('v1'))).rejects.toThrow(
      'web is not healthy: its unit has failed (running); it last wrote:\n  | the last line it wrote',
    );
    expect(files().filter((it) => !before.includes(it) && !/^(etc\/(systemd|tmpfiles)|var)/.test(it))).toEqual([]);
    expect(files().filter((it) => it.includes('web'))).toEqual([]);
    expect(machine.asked).toEqual(['reload', 'create files', 'start', 'stop', 'discard', 'reload']);
  });

  it.each([
    ['no templates', { 'service.template': undefined }, 'is no system container: it has no /exports/service.template'],
    ['an unknown variable', { 'service.template': '$NOWHERE' }, 'refers to $NOWHERE, which has no value'],
    ['no JSON', { 'manifest.json': '{' }, 'is no JSON: '],
    ['an unknown key', { 'manifest.json': '{"version": "1.0", "renameFiles": {}}' }, 'Unrecognized key: "renameFiles"'],
    ['another version', { 'manifest.json': '{"version": "9"}' }, '/exports/manifest.json'],
    [
      'a root elsewhere',
      { 'config.json.template': '{"ociVersion": "1", "process": {"args": ["a"]}, "root": {"path": "/"}}' },
      'the path of its root is to be "rootfs"',
    ],
    ['no configuration', { 'config.json.template': '{}' }, 'is no configuration of runc'],
    [
      'an [Install] that cannot be',
      { 'service.template': '[Service]\n[Install]\nAlias=x.service\n' },
      'says Alias=x.service in [Install], which is not supported',
    ],
    ['files for the host', { 'hostfs/x': 'x' }, 'has /exports/hostfs, which is not supported'],
  ])('of an image with %s is refused, and nothing is left', async (_, exports, message) => {
    await expect(installed(await image('v1', exports))).rejects.toThrow(message);
    expect(files().filter((it) => it.includes('web'))).toEqual([]);
    expect(machine.asked).not.toContain('start');
  });

  it('refuses settings that are none, and arguments that are not there', async () => {
    await expect(installed(await image('v1'), 'NONSENSE=1')).rejects.toThrow(
      /has no such setting; there is ARGS_FILE, GREETING$/,
    );
    await expect(installed(await image('v1'), 'ARGS_FILE=/etc/none')).rejects.toThrow(
      `there is no ${root}/etc/none, which is to hold the arguments of the program, one a line`,
    );
  });

  it('takes no name that is taken', async () => {
    await installed(await image('v1'));
    await expect(installed(await image('v2'))).rejects.toThrow('there is a system container web already');
    await remove(place(), machine, 'web');
    mkdirSync(join(root, 'lib/systemd/system'), { recursive: true });
    writeFileSync(join(root, 'lib/systemd/system/web.service'), '');
    await expect(installed(await image('v1'))).rejects.toMatchObject({
      message: `${root}/lib/systemd/system/web.service is there already, and is not of a system container`,
      next: 'Choose another name with --name.',
    });
    for (const it of ['', '../x', 'Web', 'a.b', '-a', 'a'.repeat(64)])
      expect(() => checkSystemName(it)).toThrow('is no name');
  });
});

describe('update', () => {
  it('brings the other slot into use, with the settings that were made, and keeps the version before', async () => {
    await installed(await image('v1'), 'GREETING=mine');
    const { before, after, same } = await updated(await image('v2'));
    expect([before.version, after.version, after.slot, same]).toEqual(['v1', 'v2', 1, false]);
    expect(argsOf()).toEqual(['/bin/program', 'mine']);
    expect(readlinkSync(paths().link)).toBe('web.1');
    expect(existsSync(paths().deployment(0))).toBe(true);
    await updated(await image('v3'), 'GREETING=other');
    expect([readlinkSync(paths().link), currentDeployment(place(), 'web').version]).toEqual(['web.0', 'v3']);
    expect(argsOf()).toEqual(['/bin/program', 'other']);
  });

  it('does nothing when nothing differs, and takes up what does', async () => {
    writeFileSync(join(root, 'etc/args'), '--one');
    const v1 = await image('v1');
    await installed(v1, 'ARGS_FILE=/etc/args');
    machine.asked.length = 0;
    expect((await updated(v1)).same).toBe(true);
    expect([machine.asked, readlinkSync(paths().link)]).toEqual([[], 'web.0']);
    writeFileSync(join(root, 'etc/args'), '--two');
    expect((await updated(v1)).same).toBe(false);
    expect(argsOf()).toEqual(['/bin/program', 'hello', '--two']);
  });

  it('that is not healthy goes back by itself', async () => {
    await installed(await image('v1'));
    const restart = machine.restart;
    machine.restart = async (name) => {
      sick = readFileSync(paths().unit, 'utf8').includes('VERSION=v2');
      return restart(name);
    };
    await expect(updated(await image('v2'))).rejects.toThrow(
      'the update to v2 failed, and web v1 runs again\nweb is not healthy: its unit has failed (running); it last wrote:',
    );
    expect([currentDeployment(place(), 'web').version, readlinkSync(paths().link)]).toEqual(['v1', 'web.0']);
    expect(readFileSync(paths().tmpfiles, 'utf8')).toContain('/run/web-v1');
    expect(existsSync(paths().deployment(1))).toBe(false);
  });

  it('says so when the version before is not healthy either', async () => {
    await installed(await image('v1'));
    sick = true;
    await expect(updated(await image('v2'))).rejects.toThrow(
      'the update failed, and web v1, to which it was taken back, is not healthy either: its unit has failed (running)',
    );
  });

  it('of what is not there is refused', async () => {
    await expect(updated(await image('v1'))).rejects.toThrow('there is no system container web');
  });
});

describe('configure', () => {
  it('takes up settings and arguments, and keeps the files of the image', async () => {
    await installed(await image('v1'));
    writeFileSync(join(root, 'etc/web.args'), '--port=1\n');
    const { before, after } = await configure(operation(), ['GREETING=ciao', 'ARGS_FILE=/etc/web.args']);
    expect(after).toMatchObject({ slot: 1, image: before.image, digest: before.digest, version: before.version });
    expect(argsOf()).toEqual(['/bin/program', 'ciao', '--port=1']);
    expect(readFileSync(join(after.folder, 'rootfs/version'), 'utf8')).toBe('v1');
    expect(await configure(operation(), [])).toMatchObject({ same: true });
  });

  it('goes back by itself from settings that do not work', async () => {
    await installed(await image('v1'));
    sick = true;
    await expect(configure(operation(), ['GREETING=ciao'])).rejects.toThrow(
      'the update failed, and web v1, to which it was taken back,',
    );
    expect(argsOf()).toEqual(['/bin/program', 'hello']);
  });
});

describe('rollback', () => {
  it('goes to the version before, and to the later one again', async () => {
    await installed(await image('v1'));
    await expect(rollback(operation())).rejects.toThrow('web has no other version to go back to');
    await updated(await image('v2'));
    expect((await rollback(operation())).after.version).toBe('v1');
    expect((await rollback(operation())).after.version).toBe('v2');
    expect(readlinkSync(paths().link)).toBe('web.1');
  });
});

describe('verify', () => {
  it('compares with what the name of the image stands for now', async () => {
    const v1 = await image('v1');
    const made = await installed(v1);
    expect(await verify(made, {})).toMatchObject({ name: 'web', differs: false });
    await systemImage(folder, { version: 'v1', exports: { extra: 'x' } });
    const { local, remote, differs } = await verify(made, {});
    expect([local.startsWith('v1 ('), remote.startsWith('v1 ('), local === remote, differs]).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });
});

describe('a check of health', () => {
  it.each(['tcp://127.0.0.1', 'ftp://x/y', 'nonsense', 'exec:', 'unix://', 'https//x'])('%j is none', (text) => {
    expect(() => parseCheck(text, '', async () => true)).toThrow(
      `${JSON.stringify(text)} is no check of a container's health`,
    );
  });

  it('may be left out, or be a command within the container', async () => {
    expect(parseCheck('', '', async () => true)).toBeUndefined();
    const asked: (readonly string[])[] = [];
    const check = parseCheck('exec:/bin/check --now', '', async (command) => asked.push(command) === 1);
    expect([await check?.(), asked]).toEqual([true, [['/bin/check', '--now']]]);
  });

  it('wants the file of its authority', () => {
    expect(() => parseCheck('https://127.0.0.1:1/', '/nowhere/ca.crt', async () => true)).toThrow(
      'the authority of a health check cannot be read: ',
    );
  });
});
