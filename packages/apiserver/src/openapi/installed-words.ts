import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Words } from './words.ts';

const parallel = 32;

/**
 * The descriptions in the declarations of the installed @kubernetes/client-node, read from its files. Where it is not installed (a bundled server),
 * there are none.
 */
export async function installedWords(): Promise<Words> {
  const folder = modelsFolder();
  if (folder === undefined) return () => undefined;
  const files = (await readdir(folder)).filter((each) => each.endsWith('.d.ts'));
  const models = new Map<string, Map<string, string>>();
  const waiting = files.values();
  const worker = async () => {
    for (const file of waiting) {
      models.set(file.slice(0, -'.d.ts'.length), wordsIn(await readFile(join(folder, file), 'utf8')));
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return (type, field = '') =>
    modelNames(type)
      .map((name) => models.get(name))
      .find(Boolean)
      ?.get(field);
}

function modelsFolder(): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve('@kubernetes/client-node');
    return join(dirname(main), 'gen', 'models');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** What the generated client may call a type: `V1Pod`, or `CoreV1Event` where several groups have one of the name. */
function modelNames(type: string): string[] {
  const [group = '', versioned = ''] = type.split('/');
  const [version = '', name = ''] = versioned.split('.');
  const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
  return [`${capital(group)}${capital(version)}${name}`, `${capital(version)}${name}`];
}

const commented = /\/\*\*\s*([\s\S]*?)\s*\*\/\s*(?:export declare class (\w+)|'((?:[^'\\]|\\.)+)'\??:)/g;

/** The doc comments of a declaration by field; that of the class under the empty name. */
export function wordsIn(declaration: string): Map<string, string> {
  const words = new Map<string, string>();
  // The comment at the top is of the file; what is declared comes after the imports.
  const start = declaration.indexOf('*/') + 2;
  for (const [, comment = '', isClass, field = ''] of declaration.slice(start).matchAll(commented)) {
    const text = comment
      .replace(/^\s*\*\s?/gm, '')
      .replace(/\\+(["'`])/g, '$1')
      .replace(/\s*\n\s*/g, ' ')
      .trim();
    words.set(isClass === undefined ? field : '', text);
  }
  return words;
}
