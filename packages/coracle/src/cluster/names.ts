import { createHash } from 'node:crypto';
import { fail } from '../failure.ts';

/** Refuses names that could not be a host name, a folder and a cgroup at once. */
export function checkClusterName(name: string): void {
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) || name.length > 40) {
    fail(`--name ${JSON.stringify(name)} is no name for a cluster`, {
      next: "A name is at most 40 lower-case letters, digits and '-', and begins and ends with a letter or digit.",
    });
  }
}

/** The link of a cluster's bridge: link names have at most 15 characters, so a long name is shortened and told apart by a hash. */
export function bridgeName(cluster: string): string {
  const name = `cor-${cluster}`;
  return name.length <= 15 ? name : `cor-${cluster.slice(0, 5)}-${shortHash(cluster)}`;
}

/** The host's end of the pair of links that joins a node to the bridge. */
export function hostLinkName(cluster: string, node: string): string {
  return `cor${shortHash(`${cluster}/${node}`, 8)}`;
}

/** The name of a node, as host name and in the API. */
export function nodeName(cluster: string, number: number): string {
  return `${cluster}-${number}`;
}

function shortHash(text: string, length = 5): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
