import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { run } from '../host/run.ts';
import { bundle } from './bundle.ts';
import type { Tree } from './tree.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-bundle-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A checkout with these files. */
function checkoutOf(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return join(folder, name);
}

async function runBundle(tree: Tree, ...args: string[]): Promise<string> {
  const place = join(folder, 'bundle');
  for (const [path, entry] of tree) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    if (entry.type === 'file') writeFileSync(join(place, path), entry.content, { mode: entry.mode });
  }
  return run([process.execPath, join(place, 'lib/main.mjs'), ...args]);
}

describe('a bundle', () => {
  const files = {
    'packages/app/src/main.ts': `import { inherits } from 'old';
const word: string = process.argv[2] ?? '';
if (word === 'more') console.log((await import('./more.ts')).more, typeof inherits);
else console.log('less');`,
    'packages/app/src/more.ts': `export const more = 'lazily';`,
    'node_modules/old/package.json': '{"name": "old", "main": "index.js"}',
    'node_modules/old/index.js': `/*! (c) the authors of old */
exports.inherits = require('util').inherits;`,
  };

  it('is a program that needs nothing else, with what it imports lazily in files of its own', async () => {
    const tree = await bundle('app', checkoutOf('a', files));
    expect([...tree.keys()].filter((it) => /^lib\/more-\w+\.mjs$/.test(it))).toHaveLength(1);
    expect(await runBundle(tree)).toBe('less\n');
    expect(await runBundle(tree, 'more')).toBe('lazily function\n');
  });

  it('is the same to the byte, wherever the checkout lies', async () => {
    const bytes = (tree: Tree) => [...tree].map(([path, it]) => [path, it.type === 'file' && it.content.toString()]);
    const here = bytes(await bundle('app', checkoutOf('a', files)));
    expect(bytes(await bundle('app', checkoutOf('somewhere/else', files)))).toEqual(here);
  });

  it('keeps the notices of the libraries in it', async () => {
    const tree = await bundle('app', checkoutOf('a', files));
    const notices = tree.get('lib/main.mjs.LEGAL.txt');
    expect(notices?.type === 'file' && notices.content.toString()).toContain('(c) the authors of old');
  });

  it('is refused when a library looks for files beside itself', async () => {
    const reader = { ...files, 'node_modules/old/index.js': "exports.inherits = require(__dirname + '/other.js');" };
    await expect(bundle('app', checkoutOf('a', reader))).rejects.toThrow(
      'old/index.js looks for files beside itself, and a bundle has none',
    );
  });
});
