import * as grpc from '@grpc/grpc-js';
import {
  type DeepPartial,
  ImageServiceDefinition,
  type MessageFns,
  RuntimeServiceDefinition,
} from './generated/runtime.v1.ts';

interface Method {
  readonly name: string;
  readonly requestType: unknown;
  readonly responseType: unknown;
  readonly responseStream: boolean;
}

interface Service {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, Method>>;
}

/** `timeout` in milliseconds; 0 waits for ever. The default is the client's. */
export interface CallOptions {
  timeout?: number;
  signal?: AbortSignal;
}

type Call<M extends Method> = M extends {
  requestType: MessageFns<infer Request>;
  responseType: MessageFns<infer Response>;
  responseStream: infer Streams;
}
  ? Streams extends true
    ? (request: DeepPartial<Request>, signal: AbortSignal) => AsyncIterable<Response>
    : (request: DeepPartial<Request>, options?: CallOptions) => Promise<Response>
  : never;

type Calls<S extends Service> = { readonly [K in keyof S['methods']]: Call<S['methods'][K]> };

/** The calls of CRI v1's RuntimeService and ImageService, by their names in lower camel case. Errors are `CriError`. */
export type RuntimeService = Calls<typeof RuntimeServiceDefinition>;
export type ImageService = Calls<typeof ImageServiceDefinition>;

/** A failed call of the runtime. The message is written as gRPC's Go library does, since events and statuses show it. */
export class CriError extends Error {
  readonly code: grpc.status;
  /** The runtime's own words. */
  readonly description: string;

  constructor(code: grpc.status, description: string) {
    super(`rpc error: code = ${codeName(code)} desc = ${description}`);
    this.name = 'CriError';
    this.code = code;
    this.description = description;
  }
}

/** Whether the runtime says that the thing asked about does not exist. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof CriError && error.code === grpc.status.NOT_FOUND;
export const isUnimplemented = (error: unknown): boolean =>
  error instanceof CriError && error.code === grpc.status.UNIMPLEMENTED;
/** Whether the runtime could not be asked, or did not answer in time: nothing is known about what was asked. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof CriError &&
  (error.code === grpc.status.UNAVAILABLE ||
    error.code === grpc.status.DEADLINE_EXCEEDED ||
    error.code === grpc.status.CANCELLED);
export const isDeadlineExceeded = (error: unknown): boolean =>
  error instanceof CriError && error.code === grpc.status.DEADLINE_EXCEEDED;

/** A connection to a container runtime. It reconnects by itself; calls made while the runtime is away fail with Unavailable. */
export interface CriClient {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  close(): void;
}

/** Largest message of the runtime: lists of thousands of containers pass. */
const maxMessageSize = 16 * 1024 * 1024;

/**
 * Opens a client for a CRI v1 endpoint: `unix:///run/containerd/containerd.sock`, or a bare socket path.
 * `imageEndpoint` is where images are pulled, when that is another service; `timeout` is for each call, in milliseconds.
 */
export function connectCri(endpoint: string, options: { timeout: number; imageEndpoint?: string }): CriClient {
  const runtime = channel(endpoint);
  const images = options.imageEndpoint && options.imageEndpoint !== endpoint ? channel(options.imageEndpoint) : runtime;
  return {
    runtime: callsOf(runtime, RuntimeServiceDefinition, options.timeout),
    images: callsOf(images, ImageServiceDefinition, options.timeout),
    close() {
      runtime.close();
      images.close();
    },
  };
}

function channel(endpoint: string): grpc.Client {
  const target = endpoint.startsWith('/') ? `unix:${endpoint}` : endpoint.replace(/^unix:\/\//, 'unix:');
  return new grpc.Client(target, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxMessageSize,
    'grpc.max_send_message_length': maxMessageSize,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 3000,
    'grpc.default_authority': 'localhost',
    'grpc.enable_retries': 0,
  });
}

function callsOf<S extends Service>(client: grpc.Client, service: S, timeout: number): Calls<S> {
  const calls: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(service.methods)) {
    const path = `/${service.fullName}/${method.name}`;
    const request = method.requestType as MessageFns<unknown>;
    const response = method.responseType as MessageFns<unknown>;
    const encode = (value: unknown): Buffer =>
      Buffer.from(request.encode(request.fromPartial(value as never)).finish());
    const decode = (bytes: Buffer): unknown => response.decode(bytes);
    calls[key] = method.responseStream
      ? (value: unknown, signal: AbortSignal) => streamed(client, path, encode, decode, value, signal)
      : (value: unknown, options: CallOptions = {}) =>
          unary(client, path, encode, decode, value, { timeout, ...options });
  }
  return calls as Calls<S>;
}

type Encode = (value: unknown) => Buffer;
type Decode = (bytes: Buffer) => unknown;

function unary(
  client: grpc.Client,
  path: string,
  encode: Encode,
  decode: Decode,
  value: unknown,
  options: CallOptions,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { timeout, signal } = options;
    const call = client.makeUnaryRequest(
      path,
      encode,
      decode,
      value,
      timeout ? { deadline: Date.now() + timeout } : {},
      (error, answer) => {
        signal?.removeEventListener('abort', cancel);
        if (error) reject(new CriError(error.code, error.details));
        else resolve(answer);
      },
    );
    const cancel = (): void => call.cancel();
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

async function* streamed(
  client: grpc.Client,
  path: string,
  encode: Encode,
  decode: Decode,
  value: unknown,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const call = client.makeServerStreamRequest(path, encode, decode, value);
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of call) yield message;
  } catch (error) {
    const { code, details } = error as grpc.ServiceError;
    throw code === undefined ? error : new CriError(code, details);
  } finally {
    signal.removeEventListener('abort', cancel);
    call.cancel();
  }
}

/** `NOT_FOUND` -> `NotFound`, as Go prints codes. */
function codeName(code: grpc.status): string {
  if (code === grpc.status.CANCELLED) return 'Canceled';
  const name = grpc.status[code] ?? `Code(${code})`;
  return name.toLowerCase().replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}
