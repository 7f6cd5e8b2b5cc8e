import { arch, platform } from 'node:process';

const goArch = arch === 'x64' ? 'amd64' : arch;

/** What `kubectl version` tells of this client. */
export const clientVersion = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-04-22T00:00:00Z',
  goVersion: `node${process.version}`,
  compiler: 'coracle',
  platform: `${platform}/${goArch}`,
} as const;

export const userAgent = `kubectl/${clientVersion.gitVersion} (${clientVersion.platform}) kubernetes/${clientVersion.gitCommit.slice(0, 7)}`;
