import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { parseTime } from '@coracle/api/meta/time';
import type { ContainerStatus, Pod, PodStatus } from '@coracle/api/types/core/v1';
import { type CriClient, isNotFound } from '../cri/client.ts';
import { ContainerState } from '../cri/generated/runtime.v1.ts';
import { type LogOptions, readLog } from '../logs/read-log.ts';
import { HttpError } from './errors.ts';

/** Reads PodLogOptions from a query. Throws HttpError 400 on what is malformed. */
export function logOptions(query: URLSearchParams): LogOptions & { previous: boolean } {
  const integer = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null) return undefined;
    const value = Number(text);
    if (!Number.isInteger(value)) throw new HttpError(400, 'Unable to decode query.');
    return value;
  };
  const flag = (name: string): boolean =>
    query.get(name) !== null && query.get(name) !== 'false' && query.get(name) !== '0';
  const tailLines = integer('tailLines');
  const limitBytes = integer('limitBytes');
  const sinceSeconds = integer('sinceSeconds');
  const sinceTime = query.get('sinceTime');
  if (sinceSeconds !== undefined && sinceTime !== null)
    throw new HttpError(422, 'at most one of `sinceTime` or `sinceSeconds` may be specified');
  if (tailLines !== undefined && tailLines < 0)
    throw new HttpError(422, 'tailLines: must be greater than or equal to 0');
  if (limitBytes !== undefined && limitBytes < 1) throw new HttpError(422, 'limitBytes: must be greater than 0');
  if (sinceSeconds !== undefined && sinceSeconds < 1) throw new HttpError(422, 'sinceSeconds: must be greater than 0');
  const stream = query.get('stream');
  return {
    tailLines,
    limitBytes,
    since:
      sinceSeconds !== undefined
        ? Date.now() - sinceSeconds * 1000
        : sinceTime !== null
          ? parseTime(sinceTime)
          : undefined,
    timestamps: flag('timestamps'),
    follow: flag('follow'),
    previous: flag('previous'),
    stream: stream === 'Stdout' ? 'stdout' : stream === 'Stderr' ? 'stderr' : undefined,
  };
}

/** The ID of the container whose log is asked for. Throws HttpError in upstream's words when there is none. */
export function containerForLogs(pod: Pod, status: PodStatus, name: string, previous: boolean): string {
  const all: ContainerStatus[] = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  const found = all.find((each) => each.name === name);
  const where = `container "${name}" in pod "${pod.metadata.name}"`;
  if (!found) throw new HttpError(400, `${where} is not available`);
  const { waiting, running, terminated } = found.state ?? {};
  const last = found.lastState?.terminated;
  let id: string | undefined;
  if (previous) {
    if (!last?.containerID) throw new HttpError(400, `previous terminated ${where} not found`);
    id = last.containerID;
  } else if (running) id = found.containerID;
  else if (terminated) {
    id = terminated.containerID;
    if (!id) throw new HttpError(400, `${where} is terminated`);
  } else if (last) {
    id = last.containerID;
    if (!id) throw new HttpError(400, `${where} is terminated`);
  } else if (waiting) {
    const texts: Record<string, string> = {
      ErrImagePull: "image can't be pulled",
      ImagePullBackOff: 'trying and failing to pull image',
    };
    const reason = waiting.reason ?? '';
    throw new HttpError(400, `${where} is waiting to start: ${texts[reason] ?? (reason || 'no reason yet')}`);
  }
  if (!id) throw new HttpError(400, `${where} is waiting to start - no logs yet`);
  return id.replace(/^\w+:\/\//, '');
}

/** Sends a container's log, at the pace the reader takes it. */
export async function sendLogs(
  cri: CriClient,
  containerId: string,
  options: LogOptions,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { status } = await cri.runtime.containerStatus({ containerId });
  if (!status?.logPath) throw new HttpError(500, `failed to get container status ${containerId}`);
  const running = async (): Promise<boolean> => {
    try {
      const now = await cri.runtime.containerStatus({ containerId });
      return now.status?.state === ContainerState.CONTAINER_RUNNING;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  };
  const begin = (): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
  };
  if (options.follow) begin();
  try {
    for await (const piece of readLog(status.logPath, options, running, gone.signal)) {
      begin();
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new HttpError(
      500,
      `failed to try resolving symlinks in path "${status.logPath}": lstat ${status.logPath}: no such file or directory`,
    );
  }
  begin();
  response.end();
}
