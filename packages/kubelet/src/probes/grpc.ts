import { isIP } from 'node:net';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import * as grpc from '@grpc/grpc-js';
import { failure, type ProbeOutcome, success } from './result.ts';

const statusNames = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const serving = 1;

/** Asks grpc.health.v1.Health/Check for a service. `timeout` in milliseconds. */
export async function grpcProbe(host: string, port: number, service: string, timeout: number): Promise<ProbeOutcome> {
  const address = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), { 'grpc.enable_retries': 0 });
  const seconds = timeout / 1000;
  try {
    const status = await check(client, service, Date.now() + timeout);
    if (status === serving) return success('service healthy');
    return failure(`service unhealthy (responded with "${statusNames[status] ?? status}")`);
  } catch (error) {
    const { code, details } = error as grpc.ServiceError;
    switch (code) {
      case grpc.status.UNIMPLEMENTED:
        return failure(
          `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`,
        );
      case grpc.status.DEADLINE_EXCEEDED:
      case grpc.status.UNAVAILABLE:
        return failure(
          `timeout: failed to connect service "${address}" within ${seconds}s: ${code === grpc.status.UNAVAILABLE ? details : 'context deadline exceeded'}`,
        );
      default:
        return failure(`error: health rpc probe failed: ${(error as Error).message}`);
    }
  } finally {
    client.close();
  }
}

function check(client: grpc.Client, service: string, deadline: number): Promise<number> {
  const encode = (name: string): Buffer => {
    const writer = new BinaryWriter();
    if (name !== '') writer.uint32(10).string(name);
    return Buffer.from(writer.finish());
  };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      encode,
      decodeStatus,
      service,
      { deadline },
      (error, status) => {
        if (error) reject(error);
        else resolve(status ?? 0);
      },
    );
  });
}

/** Field 1 of HealthCheckResponse, an enum. */
function decodeStatus(bytes: Buffer): number {
  const reader = new BinaryReader(bytes);
  let status = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 8) status = reader.int32();
    else reader.skip(tag & 7);
  }
  return status;
}
