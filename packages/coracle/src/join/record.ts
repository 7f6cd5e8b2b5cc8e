import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { fail } from '../failure.ts';
import { writeWhole } from '../host/files.ts';

/** Where a machine notes that it has joined, and as what. */
export const recordFile = '/etc/coracle/node-join.json';

const shape = z.object({ version: z.literal(1), node: z.string(), cluster: z.string(), server: z.string() });

/** What a joined machine is. */
export type JoinRecord = z.infer<typeof shape>;

export function writeRecord(record: Omit<JoinRecord, 'version'>): void {
  mkdirSync('/etc/coracle', { recursive: true, mode: 0o755 });
  writeWhole(recordFile, `${JSON.stringify({ version: 1, ...record } satisfies JoinRecord, undefined, 2)}\n`);
}

/** Throws Failure when this machine has joined no cluster, or its note cannot be understood. */
export function readRecord(): JoinRecord {
  if (!existsSync(recordFile))
    fail('this machine has joined no cluster', { next: "'coracle node join' has it join one." });
  const parsed = shape.safeParse(JSON.parse(readFileSync(recordFile, 'utf8')));
  return parsed.success ? parsed.data : fail(`${recordFile} is not as expected: ${z.prettifyError(parsed.error)}`);
}
