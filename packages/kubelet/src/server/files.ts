import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HttpError } from './errors.ts';

/** Serves a file of a folder, or the list of a folder in it as a page of links. What lies elsewhere is not found. */
export async function serveFile(root: string, path: readonly string[], response: ServerResponse): Promise<void> {
  const file = await realpath(join(root, ...path)).catch(notFound);
  const base = await realpath(root);
  if (file !== base && !file.startsWith(`${base}/`)) throw new HttpError(404, '404 page not found');
  const found = await stat(file);
  if (found.isDirectory()) {
    const entries = await readdir(file, { withFileTypes: true });
    const names = entries.map((each) => (each.isDirectory() ? `${each.name}/` : each.name)).sort();
    const body = `<pre>\n${names.map((name) => `<a href="${encodeURI(name)}">${escaped(name)}</a>\n`).join('')}</pre>\n`;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(body);
    return;
  }
  if (!found.isFile()) throw new HttpError(404, '404 page not found');
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  await pipeline(createReadStream(file), response);
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function notFound(error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EACCES')
    throw new HttpError(404, '404 page not found');
  throw error;
}
