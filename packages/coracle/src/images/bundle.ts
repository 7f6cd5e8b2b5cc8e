import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { checkout } from '../cluster/cluster.ts';
import type { Entry, Tree } from './tree.ts';

/** Modules of libraries that look for files beside themselves, which a bundle does not have, in parts that Coracle never calls. */
const uncalled = [
  '@grpc/grpc-js/build/src/channelz.js', // the admin service of a gRPC server
  '@grpc/grpc-js/build/src/orca.js', // load reports of a gRPC server
  'pino/lib/transport.js', // logs written by a worker thread
  'thread-stream/index.js', // the same
];

/** What the modules of CommonJS libraries expect to find, in the ES modules they have become. */
const commonJs =
  "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url),__dirname=import.meta.dirname,__filename=import.meta.filename;";

/**
 * A program of a package of this checkout (`packages/<name>/src/<main>`) with all it imports, as few files: what is imported lazily stays in
 * files of its own, so that a start reads no more than before. The paths are relative to the folder the bundle is put in; the program is
 * `lib/main.mjs` there. Throws when a library reads files beside itself at run time.
 */
export async function bundle(name: string, root = checkout, main = 'main.ts'): Promise<Tree> {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`packages/${name}/src/${main}`],
    outdir: 'lib',
    entryNames: 'main',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Names stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'linked',
    banner: { js: commonJs },
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const tree: Tree = new Map();
  for (const { path, contents } of outputFiles) {
    const place = posix.join('lib', path.slice(join(root, 'lib/').length));
    tree.set(place, file(Buffer.from(contents)));
  }
  for (const input of Object.keys(metafile.inputs)) checkReads(root, input);
  const entry = tree.get('lib/main.mjs');
  if (entry?.type !== 'file') throw new Error(`the bundle of ${name}'s ${main} has no main.mjs`);
  const program = Buffer.concat([Buffer.from('#!/usr/bin/node\n'), entry.content]);
  tree.set('lib/main.mjs', { type: 'file', mode: 0o755, content: program });
  return tree;
}

function checkReads(root: string, input: string): void {
  const library = input.split('node_modules/').at(-1)!;
  if (library === input || uncalled.includes(library)) return;
  if (/\b__(dirname|filename)\b/.test(readFileSync(join(root, input), 'utf8'))) {
    throw new Error(
      `${library} looks for files beside itself, and a bundle has none: say in bundle.ts when it never does`,
    );
  }
}

const file = (content: Buffer): Entry => ({ type: 'file', mode: 0o644, content });
