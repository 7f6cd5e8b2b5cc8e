import { badRequest, internalError, StatusError } from '@coracle/api/meta/status';
import type { PodPortForwardOptions } from '@coracle/api/types/core/v1';
import type { Authorizer } from '../chain/authorization/authorizer.ts';
import { forbiddenRequest } from '../chain/authorization/forbidden.ts';
import { attributesOf } from '../chain/authorization/index.ts';
import { booleanOf } from '../endpoints/options.ts';
import type { Subresource, SubresourceCall, SubresourceTable } from '../registry/strategy.ts';
import { authorityOf } from './ask-upgrade.ts';
import type { KubeletClient } from './kubelet.ts';
import { podLog } from './log.ts';
import type { StreamingMetrics } from './metrics.ts';
import { containerOf, hostOf, podOf } from './pod-target.ts';
import { tunnel, tunnelledProtocol } from './port-forward-tunnel.ts';
import { type RemoteStreams, remoteCommandV5, spdyProtocols, translateRemoteCommand } from './remote-command.ts';
import { SpdyConnection } from './spdy/connection.ts';
import { upgradeToSpdy } from './spdy-upgrade.ts';
import { passThrough, upgradeOf, webSocketProtocols } from './upgrade.ts';

/** The subresources of pods that reach their containers: `log`, `exec`, `attach`, `portforward`. */
export function streamingSubresources(
  kubelets: KubeletClient,
  authorizer: () => Authorizer,
  metrics: StreamingMetrics,
): SubresourceTable {
  const remoteCommand = (name: 'exec' | 'attach', kind: string): Subresource => ({
    methods: ['GET', 'POST'],
    body: { group: '', version: 'v1', kind },
    longRunning: true,
    async handle(call) {
      const { query, req, signal } = call.request;
      const admitted = await call.connect(stated(optionsOf(query, name)));
      const { container: wanted = '', command = [], stdin = false, stdout = false } = admitted;
      const { stderr = false, tty = false } = admitted;
      const streams = { stdin, stdout, stderr, tty };
      await checkMayCreate(call, authorizer());
      const pod = await podOf(call);
      const container = containerOf(pod, wanted);
      const place = await kubelets.locate(call.objects, hostOf(pod));
      upgradeOf(call.request);
      const path = `/${name}/${call.namespace}/${call.name}/${container}?${kubeletQuery(streams, command)}`;
      if (!webSocketProtocols(req)?.includes(remoteCommandV5)) {
        await passThrough(call.request, kubelets, place, path);
        return;
      }
      await counted(metrics.translated, () =>
        translateRemoteCommand(call.request, streams, async () => {
          const wish = { path, protocols: spdyProtocols };
          const url = `https://${authorityOf(place)}${path}`;
          const { socket, head } = await upgradeToSpdy(kubelets, place, wish, signal, (why) =>
            internalError(new Error(`error sending request: Post ${JSON.stringify(url)}: ${why}`)),
          );
          return new SpdyConnection(socket, head);
        }),
      );
    },
  });
  return {
    'pods/log': podLog(kubelets, metrics),
    'pods/exec': remoteCommand('exec', 'PodExecOptions'),
    'pods/attach': remoteCommand('attach', 'PodAttachOptions'),
    'pods/portforward': portForward(kubelets, authorizer, metrics),
  };
}

/** Does it, and tells how it ended: with 200, or with the code of the error. */
async function counted(note: (code: number) => void, run: () => Promise<void>): Promise<void> {
  try {
    await run();
    note(200);
  } catch (error) {
    note(error instanceof StatusError ? error.code : 500);
    throw error;
  }
}

function portForward(kubelets: KubeletClient, authorizer: () => Authorizer, metrics: StreamingMetrics): Subresource {
  return {
    methods: ['GET', 'POST'],
    body: { group: '', version: 'v1', kind: 'PodPortForwardOptions' },
    longRunning: true,
    async handle(call) {
      const { query, req, signal } = call.request;
      const ports = query.getAll('ports').flatMap((each) => each.split(','));
      const options: PodPortForwardOptions = ports.length > 0 ? { ports: ports.map(portOf) } : {};
      const { ports: admitted = [] } = await call.connect(options);
      await checkMayCreate(call, authorizer());
      const place = await kubelets.locate(call.objects, hostOf(await podOf(call)));
      upgradeOf(call.request);
      const wanted = admitted.length > 0 ? `?${new URLSearchParams({ port: admitted.join(',') })}` : '';
      const path = `/portForward/${call.namespace}/${call.name}${wanted}`;
      const protocol = tunnelledProtocol(webSocketProtocols(req) ?? []);
      if (protocol === undefined) {
        await passThrough(call.request, kubelets, place, path);
        return;
      }
      const wish = { path, protocols: [protocol] };
      await counted(metrics.tunnelled, async () =>
        tunnel(call.request, protocol, await upgradeToSpdy(kubelets, place, wish, signal)),
      );
    },
  };
}

/** A port as a query has it; throws BadRequest with Go's words for what is none. */
function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  const problem = Number.isNaN(port) ? 'invalid syntax' : 'value out of range';
  throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${problem}`);
}

/** A WebSocket's GET does what a SPDY request does with POST: who may only read must not run commands by it. */
async function checkMayCreate({ request }: SubresourceCall, authorizer: Authorizer): Promise<void> {
  const attributes = attributesOf(request, request.user);
  if (attributes.verb === 'create') return;
  const create = { ...attributes, verb: 'create' };
  const { decision, reason } = await authorizer.authorize(create);
  if (decision !== 'allow') throw forbiddenRequest(create, reason);
}

/** Options as an object has them: what is false or empty is not there. */
function stated<T extends object>(options: T): Partial<T> {
  const has = ([, value]: [string, unknown]) =>
    value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(options).filter(has)) as Partial<T>;
}

function optionsOf(query: URLSearchParams, name: 'exec' | 'attach') {
  const container = query.get('container') ?? '';
  return { ...remoteStreams(query, name), container, command: name === 'exec' ? query.getAll('command') : [] };
}

/** Which streams the client wants. `attach` defaults to the outputs, as its options do. */
function remoteStreams(query: URLSearchParams, name: 'exec' | 'attach'): RemoteStreams {
  const orDefault = (stream: string) => (query.has(stream) ? booleanOf(query, stream) : name === 'attach');
  return {
    stdin: booleanOf(query, 'stdin'),
    stdout: orDefault('stdout'),
    stderr: orDefault('stderr'),
    tty: booleanOf(query, 'tty'),
  };
}

/** The streams and command in the names kubelets know. */
function kubeletQuery({ stdin, stdout, stderr, tty }: RemoteStreams, command: readonly string[]): URLSearchParams {
  const query = new URLSearchParams();
  if (stdin) query.set('input', '1');
  if (stdout) query.set('output', '1');
  if (stderr) query.set('error', '1');
  if (tty) query.set('tty', '1');
  for (const each of command) query.append('command', each);
  return query;
}
