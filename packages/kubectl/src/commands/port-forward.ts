import { createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '@coracle/api/meta/message-of';
import type { Pod, Service } from '@coracle/api/types/core/v1';
import { portForward } from '@coracle/client/streams';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, UsageFailure } from '../cli/failure.ts';
import { durationFlag, stringSliceFlag } from '../cli/flags.ts';
import { podsOfObject } from '../resources/pods.ts';
import { select } from '../resources/selection.ts';
import { addressesOf, type Forwarded, forwardedPorts } from './forwarded-ports.ts';

export const command: Command = {
  name: 'port-forward',
  short: 'Forward local ports to a pod',
  usage: 'port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  examples: 'kubectl port-forward pod/web-1 8080:80\nkubectl port-forward service/web :80',
  flags: [
    stringSliceFlag('address', ['localhost'], 'Addresses to listen on: IP addresses or localhost'),
    durationFlag('pod-running-timeout', 60_000, 'How long to wait for a pod of the workload'),
  ],
  run: forward,
};

async function forward(call: Call): Promise<void> {
  const { args, flags, session, terminal, path } = call;
  if (args.length < 2) throw new UsageFailure(path, 'TYPE/NAME and list of ports are required for port-forward');
  const [target = '', ...specs] = args;
  const { infos, errors } = await select(session, terminal, {
    args: target.includes('/') ? [target] : ['pods', target],
    fetch: true,
  });
  if (errors.length > 0) throw errors[0];
  const info = infos[0]!;
  const [pod] = await podsOfObject(session, terminal, info, { timeoutMs: flags.duration('pod-running-timeout') });
  if (pod!.status?.phase !== 'Running') {
    throw new CommandFailure(
      `unable to forward port because pod is not running. Current status=${pod!.status?.phase ?? ''}`,
    );
  }
  const service = info.object!.kind === 'Service' ? (info.object as unknown as Service) : undefined;
  const ports = forwardedPorts(specs, pod!, service);
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  try {
    const accept = (port: Forwarded, local: number, socket: Socket): void => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      terminal.stdout.write(`Handling connection for ${local}\n`);
      void carry(call, pod!, port.remote, local, socket);
    };
    for (const port of ports) servers.push(...(await listen(call, port, accept)));
    if (servers.length === 0) {
      throw new CommandFailure(
        `unable to listen on any of the requested ports: [${ports.map((port) => `{${port.local} ${port.remote}}`).join(' ')}]`,
      );
    }
    const interrupted = terminal.interrupted();
    await new Promise<void>((resolve) => {
      if (interrupted.aborted) resolve();
      else interrupted.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  }
}

/** Listens on all the addresses; an address of localhost that the machine does not have is left out. */
async function listen(
  { flags, terminal }: Call,
  port: Forwarded,
  accept: (port: Forwarded, local: number, socket: Socket) => void,
): Promise<Server[]> {
  const servers: Server[] = [];
  const failures: string[] = [];
  for (const host of addressesOf(flags.strings('address'))) {
    // The first address may choose the port; the others then take the same.
    const chosen = servers.length > 0 ? portOf(servers[0]!) : port.local;
    try {
      const server = await open(host, chosen, (socket, local) => accept(port, local, socket));
      servers.push(server);
      terminal.stdout.write(
        `Forwarding from ${host.includes(':') ? `[${host}]` : host}:${portOf(server)} -> ${port.remote}\n`,
      );
    } catch (error) {
      failures.push(listenMessage(host, chosen, error as NodeJS.ErrnoException));
    }
  }
  if (servers.length === 0) {
    terminal.stderr.write(
      `Unable to listen on port ${port.local}: Listeners failed to create with the following errors: [${failures.join(' ')}]\n`,
    );
  }
  return servers;
}

function open(host: string, port: number, accept: (socket: Socket, local: number) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => accept(socket, portOf(server)));
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

const portOf = (server: Server): number => (server.address() as { port: number }).port;

function listenMessage(host: string, port: number, { code, message }: NodeJS.ErrnoException): string {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'address already in use',
    EACCES: 'permission denied',
    EADDRNOTAVAIL: 'cannot assign requested address',
  };
  const v6 = host.includes(':');
  return `unable to create listener: Error listen tcp${v6 ? 6 : 4} ${v6 ? `[${host}]` : host}:${port}: bind: ${reasons[code ?? ''] ?? message}`;
}

/** Joins one local connection with the port in the pod until either side ends. */
async function carry(
  { session, terminal }: Call,
  pod: Pod,
  remote: number,
  local: number,
  socket: Socket,
): Promise<void> {
  const { name, namespace } = pod.metadata;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace!)}/pods/${encodeURIComponent(name!)}/portforward`;
  const failed = (error: unknown): void => {
    terminal.stderr.write(`error: an error occurred forwarding ${local} -> ${remote}: ${messageOf(error)}\n`);
    socket.destroy();
  };
  socket.on('error', () => socket.destroy());
  try {
    const stream = await portForward(session.rest.client, path, remote);
    stream.once('error', failed);
    socket.once('close', () => stream.destroy());
    socket.pipe(stream).pipe(socket);
  } catch (error) {
    failed(error);
  }
}
