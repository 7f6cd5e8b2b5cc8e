import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import type { Pod } from '@coracle/api/types/core/v1';
import type { EventRecorder } from '@coracle/client';
import type { Log } from '@coracle/process';
import type { AnyContainer } from './names.ts';

export type EventType = 'Normal' | 'Warning';

/** Tells users what happens to pods and to the node. */
export interface Events {
  pod(pod: Pod, type: EventType, reason: string, message: string): void;
  container(pod: Pod, container: AnyContainer, type: EventType, reason: string, message: string): void;
  node(name: string, type: EventType, reason: string, message: string): void;
}

/** Events go to the log, and to the API where there is one. */
export function podEvents(recorder: EventRecorder | undefined, log: Log): Events {
  return {
    pod(pod, type, reason, message) {
      log.info({ pod: podKey(pod), type, reason }, message);
      recorder?.event(pod, podKind, type, reason, message);
    },
    container(pod, container, type, reason, message) {
      log.info({ pod: podKey(pod), container: container.name, type, reason }, message);
      recorder?.event(pod, podKind, type, reason, message, { fieldPath: fieldPath(pod, container) });
    },
    node(name, type, reason, message) {
      log.info({ node: name, type, reason }, message);
      recorder?.eventAbout(
        { apiVersion: nodeKind.apiVersion, kind: nodeKind.kind, name, uid: name },
        type,
        reason,
        message,
      );
    },
  };
}

/** Where a container stands in its pod's spec: `spec.containers{nginx}`. */
function fieldPath({ spec }: Pod, { name }: AnyContainer): string {
  const list = spec.initContainers?.some((each) => each.name === name)
    ? 'initContainers'
    : spec.ephemeralContainers?.some((each) => each.name === name)
      ? 'ephemeralContainers'
      : 'containers';
  return `spec.${list}{${name}}`;
}

const podKey = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;
