import { spawnSync } from 'node:child_process';
import type { RestConfig } from '@coracle/client/config';
import { CommandFailure } from '../cli/failure.ts';
import type { Terminal } from '../cli/terminal.ts';
import type { ClusterEntry, ExecEntry } from './config.ts';

interface ExecCredential {
  kind?: string;
  apiVersion?: string;
  status?: { token?: string; clientCertificateData?: string; clientKeyData?: string };
}

/** Runs a credential plug-in and returns what it hands out: a token, a client certificate or both (client.authentication.k8s.io). */
export function execCredentials(
  user: string,
  exec: ExecEntry,
  cluster: ClusterEntry,
  terminal: Terminal,
): Partial<RestConfig> {
  const apiVersion = exec.apiVersion ?? '';
  if (!/^client\.authentication\.k8s\.io\/v1(beta1)?$/.test(apiVersion)) {
    throw new CommandFailure(`exec plugin: invalid apiVersion ${JSON.stringify(apiVersion)}`);
  }
  const interactive = terminal.stdin.isTTY === true && exec.interactiveMode !== 'Never';
  if (exec.interactiveMode === 'Always' && !interactive) {
    throw new CommandFailure('exec plugin cannot support interactive mode: standard input is not a terminal');
  }
  const spec = {
    interactive,
    ...(exec.provideClusterInfo
      ? {
          cluster: {
            server: cluster.server,
            'tls-server-name': cluster['tls-server-name'],
            'certificate-authority-data': cluster['certificate-authority-data'],
          },
        }
      : {}),
  };
  const result = spawnSync(exec.command, exec.args ?? [], {
    cwd: terminal.cwd,
    encoding: 'utf8',
    env: {
      ...terminal.env,
      ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify({ kind: 'ExecCredential', apiVersion, spec }),
    },
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
  });
  if (result.error) {
    const missing = (result.error as NodeJS.ErrnoException).code === 'ENOENT';
    const hint = exec.installHint ? `\n\n${exec.installHint}` : '';
    throw new CommandFailure(
      `getting credentials: exec: ${missing ? `executable ${exec.command} not found${hint}` : result.error.message} (user "${user}")`,
    );
  }
  if (result.status !== 0)
    throw new CommandFailure(
      `getting credentials: exec: executable ${exec.command} failed with exit code ${result.status}`,
    );
  let credential: ExecCredential;
  try {
    credential = JSON.parse(result.stdout) as ExecCredential;
  } catch (error) {
    throw new CommandFailure(`getting credentials: decoding stdout: ${(error as Error).message}`);
  }
  if (credential.kind !== 'ExecCredential' || credential.apiVersion !== apiVersion) {
    throw new CommandFailure(
      `getting credentials: exec plugin is configured to use API version ${apiVersion}, plugin returned version ${credential.apiVersion}`,
    );
  }
  const { token, clientCertificateData, clientKeyData } = credential.status ?? {};
  if (!token && !clientCertificateData) {
    throw new CommandFailure("getting credentials: exec plugin didn't return a token or cert/key pair");
  }
  return {
    ...(token ? { token } : {}),
    ...(clientCertificateData ? { certData: clientCertificateData, keyData: clientKeyData } : {}),
  };
}
