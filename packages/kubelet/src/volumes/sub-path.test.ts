import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bindSubPath, openInside } from './sub-path.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sub-path-'));
  mkdirSync(join(folder, 'volume'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bind = (subPath: string): Promise<string> => bindSubPath(join(folder, 'volume'), subPath, join(folder, 'target'));

describe('a sub-path', () => {
  it.each(['../outside', 'a/../../b', '/etc'])('may not be %s', async (subPath) => {
    await expect(bind(subPath)).rejects.toThrow(/must (not contain|be a relative path)/);
  });

  it('may not lead out of its volume by a link', async () => {
    symlinkSync('/etc', join(folder, 'volume/link'));
    await expect(bind('link')).rejects.toThrow('is not within volume path');
    await expect(bind('link/made/here')).rejects.toThrow('is not within volume path');
  });

  it('is made with the rights of its volume, so that whoever may write there may write here', async () => {
    chmodSync(join(folder, 'volume'), 0o2777);
    await using _made = await openInside(join(folder, 'volume'), 'deep/er', true);
    expect(statSync(join(folder, 'volume/deep')).mode & 0o777).toBe(0o777);
    expect(statSync(join(folder, 'volume/deep/er')).mode & 0o777).toBe(0o777);
  });
});
