/**
 * Writes packages/api/src/generated from the field facts beside this file: one file of TypeScript interfaces and one field table per
 * group and version. `--check` writes nothing and fails when a file would change.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { groupNames, readEnums, readFacts } from './facts.ts';
import { atomicTypes, enumIndex, fieldTable, groupIndex, tableIndex } from './field-table.ts';
import { interfaces } from './interfaces.ts';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '../../packages/api/src/generated');
const facts = readFacts(join(here, 'facts/api-v1.36.json'), join(here, 'facts/apiregistration-v1.json'));

const files = new Map<string, string>();
for (const groupVersion of Object.keys(groupNames)) {
  files.set(`${groupVersion}.ts`, interfaces(facts, groupVersion));
  files.set(`${groupVersion}.fields.ts`, fieldTable(facts, groupVersion));
}
files.set('tables.ts', tableIndex(Object.keys(groupNames)));
files.set('groups.ts', groupIndex(Object.keys(groupNames)));
files.set('enums.ts', enumIndex(facts, readEnums(join(here, 'facts/enums-v1.36.json'))));
files.set('atomic-types.ts', atomicTypes(facts, Object.keys(groupNames)));

const check = process.argv.includes('--check');
let stale = 0;
for (const [name, text] of files) {
  const path = join(target, name);
  if (check) {
    if (read(path) !== text) {
      console.error(`stale: packages/api/src/generated/${name}`);
      stale++;
    }
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
if (stale > 0) {
  console.error(`${stale} generated files are stale: run "pnpm generate"`);
  process.exit(1);
}
console.log(`${files.size} generated files ${check ? 'are fresh' : 'written'}`);

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
