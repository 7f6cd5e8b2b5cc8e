import { join } from 'node:path';
import { FlagError } from '@coracle/process/flags';

/** Where system containers are kept, as on an Atomic Host. */
export const defaultBase = '/var/lib/containers/atomic';

/** The machine, or the tree that is to be one, and the folder in it for system containers. */
export interface SystemPlace {
  /** `/`, or the root of a tree that is not running. */
  root: string;
  /** As the machine itself sees it. */
  base: string;
}

/** The two places of a system container's deployments, which it uses in turn. */
export const slots = [0, 1] as const;
export type Slot = (typeof slots)[number];

/** Where the things of a system container are, as this process reaches them. */
export function pathsOf({ root, base }: SystemPlace, name: string) {
  const at = (...parts: string[]): string => join(root, ...parts);
  return {
    base: at(base),
    /** The link that names the current deployment. */
    link: at(base, name),
    deployment: (slot: Slot): string => at(base, `${name}.${slot}`),
    unit: at('/etc/systemd/system', `${name}.service`),
    tmpfiles: at('/etc/tmpfiles.d', `${name}.conf`),
  };
}

/** Where units of that name are when they are not ours. */
export const otherUnits = ({ root }: SystemPlace, name: string): string[] =>
  ['/run/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'].map((it) =>
    join(root, it, `${name}.service`),
  );

/** Where a deployment is, as the machine itself sees it. */
export const deploymentOf = ({ base }: SystemPlace, name: string, slot: Slot): string => join(base, `${name}.${slot}`);

/** The control group of a system container, in every hierarchy. */
export const cgroupOf = (name: string): string => `/${cgroupParent}/${name}`;
export const cgroupParent = 'coracle-system';

/** Throws FlagError for what cannot be the name of a system container, its unit, and its runc container. */
export function checkSystemName(name: string): string {
  if (!/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new FlagError(
      `${JSON.stringify(name)} is no name for a system container: at most 63 lower case letters, digits, - and _, with a letter or digit at both ends`,
    );
  }
  return name;
}
