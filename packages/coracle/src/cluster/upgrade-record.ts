import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ClusterPlace } from './cluster.ts';

const step = z.object({
  node: z.string(),
  component: z.string(),
  from: z.object({ version: z.string(), digest: z.string() }),
  to: z.object({ version: z.string(), digest: z.string() }),
});

const record = z.object({
  /** Whether it came to its end. */
  complete: z.boolean(),
  /** What was done, in this order. */
  steps: z.array(step),
});

/** One component of one node, brought from one image to another. */
export type UpgradeStep = z.infer<typeof step>;

/** What the last upgrade of a cluster did, for going back. */
export type UpgradeRecord = z.infer<typeof record>;

const fileOf = (place: ClusterPlace): string => join(place.data, 'upgrade.json');

/** What the last upgrade did; undefined when there was none, or it was taken back. */
export function readUpgrade(place: ClusterPlace): UpgradeRecord | undefined {
  const file = fileOf(place);
  return existsSync(file) ? record.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

/** Notes what an upgrade did so far. */
export function writeUpgrade(place: ClusterPlace, upgrade: UpgradeRecord): void {
  writeFileSync(`${fileOf(place)}.new`, `${JSON.stringify(upgrade, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${fileOf(place)}.new`, fileOf(place));
}

/** Forgets an upgrade that was taken back. */
export function forgetUpgrade(place: ClusterPlace): void {
  rmSync(fileOf(place), { force: true });
}

/** Adds a step. A component that is brought on again can only go back one version: to the one before this step. */
export function withStep(steps: readonly UpgradeStep[], done: UpgradeStep): UpgradeStep[] {
  return [...steps.filter((it) => it.node !== done.node || it.component !== done.component), done];
}
