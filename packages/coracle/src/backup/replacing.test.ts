import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClusterPlace } from '../cluster/cluster.ts';
import { forgetOld, newPart, putBack, replaceParts, restoreUnderWay, settleRestore } from './replacing.ts';

let place: ClusterPlace;
beforeEach(() => {
  const data = mkdtempSync(join(tmpdir(), 'coracle-replacing-'));
  place = { name: 'dev', data, runtime: '/run/coracle/dev' };
});
afterEach(() => rmSync(place.data, { recursive: true, force: true }));

const etcd = (node: string) => `nodes/${node}/var/lib/etcd`;
const parts = ['pki', etcd('dev-1'), etcd('dev-2')];

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** All files of the cluster's folder and what is in them. */
const all = () =>
  Object.fromEntries(
    readdirSync(place.data, { recursive: true, withFileTypes: true })
      .filter((it) => it.isFile())
      .map((it) => join(it.parentPath, it.name))
      .map((it) => [it.slice(place.data.length + 1), readFileSync(it, 'utf8')]),
  );

/** A cluster of two control planes, one of which has lost its data; and new parts beside it. */
function prepared(): void {
  write(join(place.data, 'cluster.json'), 'record');
  write(join(place.data, 'pki/ca.key'), 'old key');
  write(join(place.data, etcd('dev-1'), 'db'), 'old db');
  for (const it of parts) write(join(newPart(place, it), it === 'pki' ? 'ca.key' : 'db'), `new ${it}`);
}

const before = { 'cluster.json': 'record', 'pki/ca.key': 'old key', [`${etcd('dev-1')}/db`]: 'old db' };
const after = {
  'cluster.json': 'record',
  'pki/ca.key': 'new pki',
  [`${etcd('dev-1')}/db`]: `new ${etcd('dev-1')}`,
  [`${etcd('dev-2')}/db`]: `new ${etcd('dev-2')}`,
};

/** Moves so many times, and then the machine loses its power. */
function movesUntil(count: number) {
  let left = count;
  return (from: string, to: string) => {
    if (left-- === 0) throw new Error('power failure');
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  };
}

const about = { fresh: false, goneNodes: ['dev-9'] };

describe('parts of a cluster that are replaced', () => {
  it('are all new, and the old ones are kept until they are forgotten', () => {
    prepared();
    replaceParts(place, parts, about);
    expect(all()).toMatchObject(after);
    expect(settleRestore(place)).toBe(true);
    expect(restoreUnderWay(place)).toMatchObject({ goneNodes: ['dev-9'] });
    forgetOld(place);
    expect(all()).toEqual(after);
    expect(settleRestore(place)).toBe(false);
  });

  it('are all old again when they are put back', () => {
    prepared();
    replaceParts(place, parts, about);
    putBack(place);
    expect(all()).toEqual(before);
    putBack(place);
    expect(all()).toEqual(before);
  });

  it('that are only prepared are dropped', () => {
    prepared();
    expect(settleRestore(place)).toBe(false);
    expect(all()).toEqual(before);
  });

  it.each([0, 1, 2, 3, 4])('are all old ones when it ends after %i moves', (count) => {
    prepared();
    expect(() => replaceParts(place, parts, about, movesUntil(count))).toThrow('power failure');
    expect(settleRestore(place)).toBe(false);
    expect(all()).toEqual(before);
  });

  it.each([0, 1])('are all old ones when putting back ends after %i moves', (count) => {
    prepared();
    replaceParts(place, parts, about);
    expect(() => putBack(place, movesUntil(count))).toThrow('power failure');
    expect(settleRestore(place)).toBe(false);
    expect(all()).toEqual(before);
  });

  it('of a cluster that was not there leave nothing, until its record makes it one', () => {
    const fresh = [...parts, 'cluster.json'];
    const prepare = () => {
      for (const it of fresh) write(it === 'cluster.json' ? newPart(place, it) : join(newPart(place, it), 'db'), 'new');
    };
    for (const count of [0, 1, 2, 3]) {
      prepare();
      expect(() => replaceParts(place, fresh, { ...about, fresh: true }, movesUntil(count))).toThrow('power failure');
      expect(settleRestore(place)).toBe(false);
      expect(readdirSync(place.data)).toEqual([]);
    }
    prepare();
    replaceParts(place, fresh, { ...about, fresh: true });
    expect(settleRestore(place)).toBe(true);
    expect(existsSync(join(place.data, 'cluster.json'))).toBe(true);
  });
});
