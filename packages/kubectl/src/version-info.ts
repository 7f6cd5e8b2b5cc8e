import { version } from '@coracle/api/version';

const { major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform } = version;

/** What `kubectl version` tells of this client: the fields that clients have, in upstream's order. */
export const clientVersion = {
  major,
  minor,
  gitVersion,
  gitCommit,
  gitTreeState,
  buildDate,
  goVersion,
  compiler,
  platform,
} as const;
