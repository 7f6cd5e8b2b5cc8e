import { existsSync, readFileSync } from 'node:fs';
import { userAgent } from '@coracle/api/version';
import { inClusterConfig, type RestConfig } from '@coracle/client/config';
import { CommandFailure, ConfigurationFailure } from '../cli/failure.ts';
import type { Flags } from '../cli/flags.ts';
import type { Terminal } from '../cli/terminal.ts';
import type { ClusterEntry, ContextEntry, Kubeconfig, UserEntry } from './config.ts';
import { execCredentials } from './exec-plugin.ts';
import { absolutePath, withAbsolutePaths } from './files.ts';

/** The context a command works in. Throws ConfigurationFailure when it is named but not there. */
export function chosenContext(config: Kubeconfig, flags: Flags): ContextEntry {
  const name = flags.string('context') || config.currentContext;
  const entry = config.contexts.get(name);
  if (!entry && name !== '') throw new ConfigurationFailure(`context was not found for specified context: ${name}`);
  return entry?.value ?? {};
}

/** The namespace commands work in: the flag's, the context's, the pod's own inside a cluster, else `default`. */
export function chosenNamespace(config: Kubeconfig, flags: Flags): { namespace: string; explicit: boolean } {
  const flag = flags.string('namespace');
  if (flag !== '') return { namespace: flag, explicit: true };
  const namespace = chosenContext(config, flags).namespace;
  if (namespace) return { namespace, explicit: false };
  const own = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
  if (config.clusters.size === 0 && existsSync(own))
    return { namespace: readFileSync(own, 'utf8').trim(), explicit: false };
  return { namespace: 'default', explicit: false };
}

/** How to reach the server and as whom, from the kubeconfig and the flags that override it. */
export function connectionOf(config: Kubeconfig, flags: Flags, terminal: Terminal): RestConfig {
  const context = chosenContext(config, flags);
  const clusterName = flags.string('cluster') || context.cluster || '';
  const userName = flags.global('user') || context.user || '';
  const cluster = config.clusters.get(clusterName);
  const user = config.users.get(userName);
  if (!cluster && flags.changed('cluster'))
    throw new CommandFailure(`no server found for cluster ${JSON.stringify(clusterName)}`);
  if (!user && flags.global('user') !== '')
    throw new CommandFailure(`auth info ${JSON.stringify(userName)} does not exist`);
  if (!cluster && clusterName !== '' && !flags.string('server')) {
    throw new ConfigurationFailure(`cluster ${JSON.stringify(clusterName)} does not exist`);
  }
  const clusterValue: ClusterEntry = cluster ? withAbsolutePaths(cluster) : {};
  const userValue: UserEntry = user ? withAbsolutePaths(user) : {};
  if (clusterValue['proxy-url'])
    throw new CommandFailure(`cluster "${clusterName}": proxy-url is not supported by this kubectl`);
  if (userValue['auth-provider']) {
    throw new CommandFailure(
      `user "${userName}": no Auth Provider found for name "${userValue['auth-provider'].name}"`,
    );
  }
  const server = flags.string('server') || clusterValue.server || '';
  if (server === '' && inCluster(terminal) && config.clusters.size === 0)
    return withImpersonation(inClusterConfig(), userValue, flags);
  const rest: RestConfig = { server: normalized(server, clusterValue, flags), userAgent: userAgent('kubectl') };
  fillTls(rest, clusterValue, flags, terminal);
  fillUser(rest, userName, userValue, clusterValue, flags, terminal);
  return withImpersonation(rest, userValue, flags);
}

const inCluster = (terminal: Terminal): boolean =>
  Boolean(terminal.env['KUBERNETES_SERVICE_HOST'] && terminal.env['KUBERNETES_SERVICE_PORT']) &&
  existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token');

/** A server as a URL: `http://localhost:8080` when none is set; without a scheme it is https only where TLS is configured. */
function normalized(server: string, cluster: ClusterEntry, flags: Flags): string {
  if (server === '') return 'http://localhost:8080';
  if (/^https?:\/\//.test(server)) return server.replace(/\/+$/, '');
  const tls =
    flags.changed('certificate-authority') ||
    flags.changed('insecure-skip-tls-verify') ||
    flags.changed('client-certificate') ||
    cluster['certificate-authority'] ||
    cluster['certificate-authority-data'] ||
    cluster['insecure-skip-tls-verify'];
  return `${tls ? 'https' : 'http'}://${server}`;
}

const decoded = (data: string | undefined): string | undefined =>
  data ? Buffer.from(data, 'base64').toString('utf8') : undefined;

function fillTls(rest: RestConfig, cluster: ClusterEntry, flags: Flags, terminal: Terminal): void {
  const ca = flags.string('certificate-authority');
  if (ca) rest.caFile = absolutePath(ca, `${terminal.cwd}/`);
  else if (cluster['certificate-authority-data']) rest.caData = decoded(cluster['certificate-authority-data']);
  else if (cluster['certificate-authority']) rest.caFile = cluster['certificate-authority'];
  const name = flags.string('tls-server-name') || cluster['tls-server-name'];
  if (name) rest.tlsServerName = name;
  const insecure = flags.changed('insecure-skip-tls-verify')
    ? flags.bool('insecure-skip-tls-verify')
    : Boolean(cluster['insecure-skip-tls-verify']);
  if (insecure) {
    rest.insecureSkipTlsVerify = true;
    if (ca || cluster['certificate-authority']) {
      if (flags.changed('insecure-skip-tls-verify') && !ca) {
        delete rest.caFile;
        delete rest.caData;
      } else throw new CommandFailure('specifying a root certificates file with the insecure flag is not allowed');
    }
  }
  if (rest.caFile) readable(rest.caFile, 'certificate-authority');
}

function fillUser(
  rest: RestConfig,
  name: string,
  user: UserEntry,
  cluster: ClusterEntry,
  flags: Flags,
  terminal: Terminal,
): void {
  const certificate = flags.string('client-certificate');
  const key = flags.string('client-key');
  if (certificate) rest.certFile = absolutePath(certificate, `${terminal.cwd}/`);
  else if (user['client-certificate-data']) rest.certData = decoded(user['client-certificate-data']);
  else if (user['client-certificate']) rest.certFile = user['client-certificate'];
  if (key) rest.keyFile = absolutePath(key, `${terminal.cwd}/`);
  else if (user['client-key-data']) rest.keyData = decoded(user['client-key-data']);
  else if (user['client-key']) rest.keyFile = user['client-key'];
  if (rest.certFile) readable(rest.certFile, 'client-cert');
  if (rest.keyFile) readable(rest.keyFile, 'client-key');
  if (flags.string('token')) rest.token = flags.string('token');
  else if (user.token) rest.token = user.token;
  else if (user.tokenFile) rest.tokenFile = user.tokenFile;
  if (flags.string('username') || user.username) {
    rest.username = flags.string('username') || user.username;
    rest.password = flags.string('password') || user.password || '';
  }
  if (user.exec && !rest.token) Object.assign(rest, execCredentials(name, user.exec, cluster, terminal));
}

function readable(file: string, what: string): void {
  try {
    readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'ENOENT'
        ? 'no such file or directory'
        : code === 'EACCES'
          ? 'permission denied'
          : (error as Error).message;
    throw new CommandFailure(`unable to read ${what} ${file} due to open ${file}: ${reason}`);
  }
}

function withImpersonation(rest: RestConfig, user: UserEntry, flags: Flags): RestConfig {
  const as = flags.string('as') || user.as || '';
  const groups = flags.changed('as-group') ? flags.strings('as-group') : (user['as-groups'] ?? []);
  const uid = flags.string('as-uid') || user['as-uid'] || '';
  const extra: Record<string, string[]> = { ...user['as-user-extra'] };
  for (const each of flags.strings('as-user-extra')) {
    const equals = each.indexOf('=');
    if (equals < 0) throw new CommandFailure(`invalid --as-user-extra ${JSON.stringify(each)}: expected KEY=VALUE`);
    const key = each.slice(0, equals);
    extra[key] = [...(extra[key] ?? []), each.slice(equals + 1)];
  }
  if (as === '' && (groups.length > 0 || uid !== '' || Object.keys(extra).length > 0)) {
    throw new CommandFailure('requesting uid, groups or user-extra without impersonating a user');
  }
  if (as !== '') rest.impersonate = { user: as, ...(uid ? { uid } : {}), groups, extra };
  return rest;
}
