import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { currentSlot, type Deployment, linkTarget, readDeployment, type Step, unitHead } from './deployment.ts';
import { replaceFile, replaceLink } from './durable.ts';
import { pathsOf, type SystemPlace, slots } from './place.ts';

/**
 * Makes a deployment the current one, by three renames. The unit decides: it names its deployment's folder, and so runs one whole version
 * whatever the others say. A power loss before its rename leaves the old version, one after it the new; `recover` then brings the others in line.
 *
 * 1. the tmpfiles snippet, for the next boot (units of ours create from their own deployment's copy as they start)
 * 2. the unit: from here on the new deployment is the current one
 * 3. the link, for people and other programs
 */
export function makeCurrent(place: SystemPlace, deployment: Deployment, step: Step): void {
  const paths = pathsOf(place, deployment.name);
  for (const it of [paths.unit, paths.tmpfiles]) mkdirSync(dirname(it), { recursive: true });
  writeTmpfiles(place, deployment);
  step('tmpfiles written');
  const text = readFileSync(join(deployment.folder, 'unit.service'), 'utf8');
  replaceFile(paths.unit, `${unitHead(place, deployment.name, deployment.slot)}${text}`);
  step('unit written');
  replaceLink(paths.link, basename(deployment.folder));
  step('link switched');
}

/** Returns whether the snippet was another before. */
function writeTmpfiles(place: SystemPlace, deployment: Deployment): boolean {
  const { tmpfiles } = pathsOf(place, deployment.name);
  const text = readFileSync(join(deployment.folder, 'tmpfiles.conf'), 'utf8');
  if (text === (existsSync(tmpfiles) ? readFileSync(tmpfiles, 'utf8') : '')) return false;
  if (text === '') rmSync(tmpfiles, { force: true });
  else replaceFile(tmpfiles, text);
  return true;
}

/** Puts right what a command left that was ended in the middle. Resolves to what it did, for people. */
export function recover(place: SystemPlace): string[] {
  const { base } = pathsOf(place, '');
  if (!existsSync(base)) return [];
  const done: string[] = [];
  for (const it of readdirSync(base)) {
    if (/\.[01]\.(new|old)$|\.coracle-new$/.test(it)) {
      rmSync(join(base, it), { recursive: true, force: true });
      done.push(`removed ${join(base, it)}, which was not finished`);
    }
  }
  const names = new Set(readdirSync(base).flatMap((it) => /^(.+)\.[01]$/.exec(it)?.[1] ?? []));
  for (const name of names) done.push(...recoverOne(place, name));
  return done;
}

function recoverOne(place: SystemPlace, name: string): string[] {
  const paths = pathsOf(place, name);
  const slot = currentSlot(place, name);
  const ours = slots.filter((it) => readDeployment(place, name, it));
  if (slot === undefined && ours.length > 0) {
    // Its installation did not come to its unit, or its removal went past it.
    for (const it of [paths.link, paths.tmpfiles, ...ours.map(paths.deployment)]) {
      rmSync(it, { recursive: true, force: true });
    }
    return [`removed what was left of ${name}`];
  }
  const current = slot === undefined ? undefined : readDeployment(place, name, slot);
  if (!current) return [];
  const changed = writeTmpfiles(place, current);
  const linked = linkTarget(place, name) === basename(current.folder);
  if (!linked) replaceLink(paths.link, basename(current.folder));
  return changed || !linked ? [`${name} is ${basename(current.folder)}, as its unit says`] : [];
}
