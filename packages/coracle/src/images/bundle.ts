import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { checkout } from '../cluster/cluster.ts';
import type { Entry, Tree } from './tree.ts';

/**
 * Libraries that look for files beside themselves at run time: the folder they read, which goes into the image at the same place relative to
 * the bundle; undefined where Coracle never calls the part that reads.
 */
const readers: Record<string, string | undefined> = {
  'etcd3/lib/connection-pool.js': '../proto',
  '@grpc/grpc-js/build/src/channelz.js': undefined, // the admin service of a gRPC server
  '@grpc/grpc-js/build/src/orca.js': undefined, // load reports of a gRPC server
  'pino/lib/transport.js': undefined, // logs written by a worker thread
  'thread-stream/index.js': undefined, // the same
};

/** What the modules of CommonJS libraries expect to find, in the ES modules they have become. */
const commonJs =
  "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url),__dirname=import.meta.dirname,__filename=import.meta.filename;";

/**
 * A program of a package of this checkout (`packages/<name>/src/<main>`) with all it imports, as few files: what is imported lazily stays in
 * files of its own, so that a start reads no more than before. The paths are relative to the folder the bundle is put in; the program is
 * `lib/main.mjs` there. Throws when a library reads files at run time and it is not known which.
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
  for (const input of Object.keys(metafile.inputs)) {
    for (const [place, entry] of filesReadBy(root, input)) tree.set(place, entry);
  }
  const entry = tree.get('lib/main.mjs');
  if (entry?.type !== 'file') throw new Error(`the bundle of ${name}'s ${main} has no main.mjs`);
  const program = Buffer.concat([Buffer.from('#!/usr/bin/node\n'), entry.content]);
  tree.set('lib/main.mjs', { type: 'file', mode: 0o755, content: program });
  return tree;
}

function filesReadBy(root: string, input: string): Tree {
  const tree: Tree = new Map();
  const library = input.split('node_modules/').at(-1)!;
  if (library === input || !/\b__(dirname|filename)\b/.test(readFileSync(join(root, input), 'utf8'))) return tree;
  if (!Object.hasOwn(readers, library)) {
    throw new Error(`${library} looks for files beside itself: say in bundle.ts which it is to find`);
  }
  const folder = readers[library];
  if (folder === undefined) return tree;
  const source = join(root, dirname(input), folder);
  for (const it of readdirSync(source)) tree.set(posix.join('lib', folder, it), file(readFileSync(join(source, it))));
  return tree;
}

const file = (content: Buffer): Entry => ({ type: 'file', mode: 0o644, content });
