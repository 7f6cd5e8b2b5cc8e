import type { UserInfo } from '@coracle/api/types/authentication/v1';
import type { Status } from '@coracle/api/types/meta/v1';
import type { Level, Stage } from './policy.ts';

/** One record of a request at one of its stages: an audit.k8s.io/v1 Event. */
export interface AuditEvent {
  kind: 'Event';
  apiVersion: 'audit.k8s.io/v1';
  level: Level;
  auditID: string;
  stage: Stage;
  requestURI: string;
  verb: string;
  user: UserInfo;
  impersonatedUser?: UserInfo;
  authenticationMetadata?: { impersonationConstraint: string };
  sourceIPs?: string[];
  userAgent?: string;
  objectRef?: ObjectReference;
  responseStatus?: Status;
  requestObject?: unknown;
  responseObject?: unknown;
  /** With microseconds, as all times here. */
  requestReceivedTimestamp: string;
  stageTimestamp: string;
  annotations?: Record<string, string>;
}

export interface ObjectReference {
  resource?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  apiGroup?: string;
  apiVersion?: string;
  resourceVersion?: string;
  subresource?: string;
}

/** Where events go. */
export interface AuditBackend {
  /** Takes an event; false: it is lost, and the request it is of must not go on (modes `blocking-strict`). */
  process(event: AuditEvent): Promise<boolean> | boolean;
  /** Hands on what it still holds. */
  close(): Promise<void>;
}
