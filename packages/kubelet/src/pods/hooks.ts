import { setTimeout as sleep } from 'node:timers/promises';
import type { HTTPGetAction, LifecycleHandler } from '@coracle/api/types/core/v1';
import type { CriClient } from '../cri/client.ts';
import { httpProbe } from '../probes/http.ts';
import { portOf } from '../probes/port.ts';
import type { AnyContainer } from './names.ts';

export interface HookTarget {
  containerId: string;
  container: AnyContainer;
  podName: string;
  /** Where httpGet goes unless it names a host. */
  podIp: string;
}

/** Runs a postStart or preStop handler. `timeout` in milliseconds; 0 for none. Throws with the reason when it fails. */
export async function runHook(
  cri: CriClient,
  handler: LifecycleHandler,
  target: HookTarget,
  timeout: number,
  signal: AbortSignal,
): Promise<void> {
  const { container, podName } = target;
  const where = `for Container "${container.name}" in Pod "${podName}"`;
  if (handler.exec) {
    const cmd = handler.exec.command ?? [];
    const answer = await cri.runtime.execSync(
      { containerId: target.containerId, cmd, timeout: BigInt(Math.ceil(timeout / 1000)) },
      { timeout: timeout ? timeout + 1000 : 0, signal },
    );
    if (answer.exitCode !== 0) {
      const output = Buffer.concat([answer.stdout, answer.stderr]).toString('utf8');
      throw new Error(
        `Exec lifecycle hook ([${cmd.join(' ')}]) ${where} failed - error: command '${cmd.join(' ')}' exited with ${answer.exitCode}: ${Buffer.from(answer.stderr).toString('utf8')}, message: ${JSON.stringify(output)}`,
      );
    }
  } else if (handler.httpGet) {
    await http(handler.httpGet, target, timeout, signal);
  } else if (handler.sleep) {
    await sleep(handler.sleep.seconds * 1000, undefined, { signal });
  }
}

async function http(
  action: HTTPGetAction,
  { container, podIp }: HookTarget,
  timeout: number,
  signal: AbortSignal,
): Promise<void> {
  const answer = await httpProbe(
    {
      scheme: action.scheme ?? 'HTTP',
      host: action.host || podIp,
      port: portOf(action.port, container),
      path: action.path ?? '/',
      headers: action.httpHeaders ?? [],
    },
    timeout || 30_000,
    signal,
  );
  if (answer.result === 'failure' || answer.result === 'unknown') throw new Error(answer.output);
}
