import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Payload, writeAtomically } from './atomic-writer.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const payload = (files: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

describe('writeAtomically', () => {
  it('shows files through ..data, also below folders', async () => {
    expect(await writeAtomically(folder, payload({ a: '1', 'b/c': '2' }))).toBe(true);
    expect([read('a'), read('b/c')]).toEqual(['1', '2']);
    expect(readlinkSync(join(folder, 'a'))).toBe('..data/a');
    expect(readlinkSync(join(folder, 'b'))).toBe('..data/b');
    expect(readlinkSync(join(folder, '..data'))).toMatch(/^\.\.\d{4}_\d\d_\d\d_/);
  });

  it('swaps all files at once and leaves nothing of the old ones', async () => {
    await writeAtomically(folder, payload({ a: '1', old: 'x' }));
    const before = readlinkSync(join(folder, '..data'));
    expect(await writeAtomically(folder, payload({ a: '2', fresh: 'y' }))).toBe(true);
    expect([read('a'), read('fresh')]).toEqual(['2', 'y']);
    expect(readdirSync(folder).sort()).toEqual([readlinkSync(join(folder, '..data')), '..data', 'a', 'fresh'].sort());
    expect(readdirSync(folder)).not.toContain(before);
  });

  it('changes nothing when nothing changed', async () => {
    await writeAtomically(folder, payload({ a: '1' }));
    const before = readlinkSync(join(folder, '..data'));
    expect(await writeAtomically(folder, payload({ a: '1' }))).toBe(false);
    expect(readlinkSync(join(folder, '..data'))).toBe(before);
  });

  it('repairs what a crash between swap and links left', async () => {
    await writeAtomically(folder, payload({ a: '1', b: '2' }));
    rmSync(join(folder, 'b'));
    await writeAtomically(folder, payload({ a: '1', b: '2' }));
    expect(read('b')).toBe('2');
  });

  it('gives files their modes', async () => {
    await writeAtomically(folder, payload({ key: 's' }, 0o400));
    expect(statSync(join(folder, 'key')).mode & 0o777).toBe(0o400);
    expect(await writeAtomically(folder, payload({ key: 's' }, 0o444))).toBe(true);
  });

  it.each(['', '/abs', 'a/../../b', '..', '..data/x'])('refuses the path %j', async (path) => {
    await expect(writeAtomically(folder, payload({ [path]: 'x' }))).rejects.toThrow('invalid path');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('can show nothing at all', async () => {
    await writeAtomically(folder, payload({ a: '1' }));
    await writeAtomically(folder, payload({}));
    expect(readdirSync(folder).filter((name) => !name.startsWith('..'))).toEqual([]);
  });
});
