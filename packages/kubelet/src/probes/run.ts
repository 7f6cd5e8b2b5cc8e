import type { Pod, Probe } from '@coracle/api/types/core/v1';
import { type CriClient, isDeadlineExceeded } from '../cri/client.ts';
import type { AnyContainer } from '../pods/names.ts';
import { httpProbe } from './http.ts';
import { portOf } from './port.ts';
import { failure, type ProbeOutcome, success, unknown } from './result.ts';

const maxOutput = 10 * 1024;

/** What a probe is aimed at. */
export interface ProbeTarget {
  pod: Pod;
  container: AnyContainer;
  containerId: string;
  podIp: string;
}

/** Carries out a probe once. */
export type RunProbe = (probe: Probe, target: ProbeTarget) => Promise<ProbeOutcome>;

/** Probes by the runtime's exec, and by connections from the node to the pod. */
export function probeRunner(cri: CriClient): RunProbe {
  return async (probe, { container, containerId, podIp }) => {
    const timeout = (probe.timeoutSeconds ?? 1) * 1000;
    try {
      if (probe.exec) return await exec(cri, containerId, probe.exec.command ?? [], timeout);
      if (probe.httpGet) {
        const { host, scheme, path, httpHeaders, port } = probe.httpGet;
        const headers = httpHeaders ?? [];
        return await httpProbe(
          { scheme: scheme || 'HTTP', host: host || podIp, port: portOf(port, container), path: path ?? '/', headers },
          timeout,
        );
      }
      if (probe.tcpSocket) {
        const { tcpProbe } = await import('./tcp.ts');
        return await tcpProbe(probe.tcpSocket.host || podIp, portOf(probe.tcpSocket.port, container), timeout);
      }
      if (probe.grpc) {
        const { grpcProbe } = await import('./grpc.ts');
        return await grpcProbe(podIp, probe.grpc.port, probe.grpc.service ?? '', timeout);
      }
    } catch (error) {
      return unknown((error as Error).message);
    }
    return unknown(`missing probe handler for ${container.name}`);
  };
}

async function exec(cri: CriClient, containerId: string, cmd: string[], timeout: number): Promise<ProbeOutcome> {
  try {
    const answer = await cri.runtime.execSync(
      { containerId, cmd, timeout: BigInt(Math.ceil(timeout / 1000)) },
      { timeout: timeout + 2000 },
    );
    const output = Buffer.concat([answer.stdout, answer.stderr]).subarray(0, maxOutput).toString('utf8');
    return answer.exitCode === 0 ? success(output) : failure(output);
  } catch (error) {
    if (!isDeadlineExceeded(error)) throw error;
    return failure(`command timed out: "${cmd.join(' ')}" timed out after ${timeout / 1000}s`);
  }
}
