import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../cluster/cluster.ts';

const known = new Map<string, string>();

/** Changes when a source file of the packages does, tests aside, or a version of a dependency. */
export function sourceDigest(packages: readonly string[]): string {
  const hash = createHash('sha256')
    .update(process.version)
    .update(readFileSync(join(checkout, 'pnpm-lock.yaml')));
  for (const name of packages) {
    const digest = known.get(name) ?? packageDigest(join(checkout, 'packages', name, 'src'));
    known.set(name, digest);
    hash.update(`${name} ${digest}\n`);
  }
  return hash.digest('hex');
}

function packageDigest(source: string): string {
  const hash = createHash('sha256');
  if (!existsSync(source)) return '';
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((it) => /(?<!\.test)\.ts$/.test(it));
  for (const it of files.sort()) hash.update(`${it}\0`).update(readFileSync(join(source, it)));
  return hash.digest('hex');
}
