import { isIP } from 'node:net';
import { addressNumber, addressText, canonicalAddress, isMapped } from '@coracle/api/meta/addresses';
import { isObject } from '@coracle/api/meta/object';
import { formatDuration, formatMicroTime } from '@coracle/api/meta/time';
import type { Status } from '@coracle/api/types/meta/v1';
import { shown } from '../../registry/reviews/authentication-reviews.ts';
import { textOf } from '../header-values.ts';
import type { RequestContext } from '../link.ts';
import type { User } from '../user.ts';
import type { AuditEvent, ObjectReference } from './event.ts';
import { type AuditConfig, type Level, levels, type Stage } from './policy.ts';

const longestUserAgent = 1024;
/** Milliseconds. */
const longTime = 500;

/** What is recorded of one request; links and endpoints tell it what they learn. */
export class AuditRecord {
  readonly config: AuditConfig;
  readonly #context: RequestContext;
  readonly #objectRef: ObjectReference | undefined;
  /** Read at the beginning: a connection that has ended does not say whose it was. */
  readonly #sourceIps: string[];
  readonly #user: User | undefined;
  #requestObject: unknown;
  #responseObject: unknown;
  /** How the request ended, or that its answer has begun; undefined before. */
  status: Status | undefined;

  /** With `user`, the request is theirs, whoever the context says. */
  constructor(context: RequestContext, config: AuditConfig, user?: User) {
    this.config = config;
    this.#user = user;
    this.#sourceIps = sourceIps(context.req);
    this.#context = context;
    this.#objectRef = referenceOf(context);
  }

  /** Whether as much as a level says is recorded. */
  reaches(level: Level): boolean {
    return levels.indexOf(this.config.level) >= levels.indexOf(level);
  }

  /** The object, or patch, that the request brought, as it was understood. Not to be changed afterwards by the caller. */
  request(value: unknown): void {
    if (isObject(value) && isObject(value.metadata) && this.#objectRef) complete(this.#objectRef, value.metadata);
    // A copy: admission goes on to change the object.
    if (this.reaches('Request')) this.#requestObject = this.#trimmed(structuredClone(value));
  }

  /** The Status the request is answered with, and its code: recorded also where objects are not. */
  answer(status: Status, code: number): void {
    this.status = { ...boundedStatus(status), code };
  }

  /** The object the request was answered with. */
  response(value: unknown): void {
    if (this.reaches('RequestResponse')) this.#responseObject = this.#trimmed(value);
  }

  /** The request as an event of a stage. Requests that took long say how long. */
  event(stage: Stage): AuditEvent {
    const took = Date.now() - this.#context.receivedAt;
    if (stage === 'ResponseComplete' && took > longTime && this.#context.info.verb !== 'watch') {
      const layers = this.#context.latencies.entries();
      const all = layers.length > 0 ? [...layers, ['total', took] as const] : [];
      for (const [layer, milliseconds] of all)
        annotate(this.#context, `apiserver.latency.k8s.io/${layer}`, formatDuration(milliseconds));
    }
    const { auditId, user, impersonator, impersonationConstraint, receivedAt, annotations, info, req } = this.#context;
    const agent = shortened(req.headers['user-agent'] ?? '');
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: this.config.level,
      auditID: auditId,
      stage,
      requestURI: req.url ?? '',
      verb: info.verb,
      user: shown(this.#user ?? impersonator ?? user),
      ...(impersonator ? { impersonatedUser: shown(user) } : {}),
      ...(impersonationConstraint === undefined ? {} : { authenticationMetadata: { impersonationConstraint } }),
      ...(this.#sourceIps.length > 0 ? { sourceIPs: this.#sourceIps } : {}),
      ...(agent === '' ? {} : { userAgent: agent }),
      ...(this.#objectRef ? { objectRef: { ...this.#objectRef } } : {}),
      ...(this.status ? { responseStatus: this.status } : {}),
      ...(this.#requestObject === undefined ? {} : { requestObject: this.#requestObject }),
      ...(this.#responseObject === undefined ? {} : { responseObject: this.#responseObject }),
      requestReceivedTimestamp: formatMicroTime(receivedAt),
      stageTimestamp: formatMicroTime(stage === 'RequestReceived' ? receivedAt : Date.now()),
      ...(annotations.size > 0 ? { annotations: Object.fromEntries(annotations) } : {}),
    };
  }

  #trimmed(value: unknown): unknown {
    if (!this.config.omitManagedFields || !isObject(value)) return value;
    const items = Array.isArray(value.items) ? value.items : [];
    const rows = value.kind === 'Table' && Array.isArray(value.rows) ? value.rows : [];
    for (const each of [value, ...items, ...rows.map((row: { object?: unknown }) => row.object)]) {
      if (isObject(each) && isObject(each.metadata)) delete each.metadata.managedFields;
    }
    return value;
  }
}

/** What of a Status is recorded beside the response object. */
export function boundedStatus({ status, message, reason, details, code }: Status): Status {
  return {
    metadata: {},
    ...(status ? { status } : {}),
    ...(message ? { message } : {}),
    ...(reason ? { reason } : {}),
    ...(details ? { details } : {}),
    ...(code === undefined ? {} : { code }),
  };
}

/** Leaves an audit annotation; the first value of a key stays. One of level Request is left where bodies are recorded only. */
export function annotate(
  context: RequestContext,
  key: string,
  value: string,
  level: 'Metadata' | 'Request' = 'Metadata',
): void {
  if (level === 'Request' && context.audit?.reaches('Request') !== true) return;
  if (!context.annotations.has(key)) context.annotations.set(key, value);
}

function referenceOf({ info }: RequestContext): ObjectReference | undefined {
  if (!info.isResourceRequest) return undefined;
  const all = {
    resource: info.resource,
    namespace: info.namespace,
    name: info.name,
    apiGroup: info.apiGroup,
    apiVersion: info.apiVersion,
    subresource: info.subresource,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** Fills in what the path did not say. */
function complete(reference: ObjectReference, metadata: Record<string, unknown>): void {
  for (const field of ['namespace', 'name', 'uid', 'resourceVersion'] as const) {
    const value = metadata[field];
    if (reference[field] === undefined && typeof value === 'string' && value !== '') reference[field] = value;
  }
}

/** What the bytes of a user agent say, of very many the first. */
function shortened(agent: string): string {
  return textOf(agent.length > longestUserAgent ? `${agent.slice(0, longestUserAgent)}...TRUNCATED` : agent);
}

/** The addresses a request came from: those that proxies say, then the connection's. */
function sourceIps(req: RequestContext['req']): string[] {
  // Of several headers the first counts, as in Go; the runtime joins them.
  const said = firstHeader(req.rawHeaders, 'x-forwarded-for')
    .split(',')
    .map((each) => each.trim())
    .flatMap(addressOf);
  const [real] = addressOf(String(req.headers['x-real-ip'] ?? ''));
  if (real && !said.includes(real)) said.push(real);
  const [remote] = addressOf(req.socket?.remoteAddress ?? '');
  if (remote && said.at(-1) !== remote) said.push(remote);
  return said;
}

/** The value of the first header of this name; `headers` are names and values by turns. Empty: there is none. */
function firstHeader(headers: readonly string[], name: string): string {
  for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i]!.toLowerCase() === name) return headers[i + 1]!;
  return '';
}

/** An address as Go writes it, of IPv4 also where it is in the form of IPv6; nothing for what is no address. */
function addressOf(text: string): string[] {
  if (isIP(text) === 0 || text.includes('%')) return [];
  return [isMapped(text) ? addressText(addressNumber(text) & 0xffff_ffffn, 32) : canonicalAddress(text)];
}
