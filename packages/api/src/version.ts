const goArch = process.arch === 'x64' ? 'amd64' : process.arch;

/** What /version, `--version` and user agents tell: the Kubernetes level that is implemented. */
export const version = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.0',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-04-22T00:00:00Z',
  goVersion: `node${process.version}`,
  compiler: 'coracle',
  platform: `${process.platform}/${goArch}`,
} as const;

/** The User-Agent header of a program: `kube-scheduler/v1.36.0 (linux/amd64) kubernetes/0000000`. */
export const userAgent = (program: string): string =>
  `${program}/${version.gitVersion} (${version.platform}) kubernetes/${version.gitCommit.slice(0, 7)}`;
