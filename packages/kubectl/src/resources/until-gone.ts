import { CommandFailure } from '../cli/failure.ts';
import { watch } from '../rest/watch.ts';
import type { Session } from '../session.ts';
import { type AnyObject, pathOf } from './resource.ts';
import { fetchObject, type Info } from './selection.ts';

const hasReason = (error: unknown, ...reasons: string[]): boolean =>
  reasons.includes((error as { reason?: string }).reason ?? '');

/**
 * Waits until objects are gone; one that came back with another UID counts as gone. An empty `uid` takes the object as it is.
 * Throws when the time is over. Users who may delete but not read are not made to wait.
 */
export async function waitUntilGone(
  session: Session,
  objects: readonly { info: Info; uid: string }[],
  timeoutMs: number,
): Promise<void> {
  const signal = AbortSignal.timeout(Math.min(timeoutMs, 2 ** 31 - 1));
  for (const { info, uid } of objects) {
    try {
      await untilGone(session, info, uid, signal);
    } catch (error) {
      if (hasReason(error, 'Forbidden', 'MethodNotAllowed')) return;
      throw error;
    }
  }
}

async function untilGone(session: Session, info: Info, uid: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    let object: AnyObject;
    try {
      object = await fetchObject(session, info);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return;
      throw error;
    }
    const own = object.metadata.uid ?? '';
    if (uid !== '' && own !== uid) return;
    if (signal.aborted) throw timedOut(info);
    const query = { fieldSelector: `metadata.name=${info.name}`, resourceVersion: object.metadata.resourceVersion };
    try {
      for await (const event of watch(session.rest, pathOf(info.resource, info.namespace), { query, signal })) {
        if (event.type === 'DELETED' || (event.type !== 'BOOKMARK' && event.object.metadata.uid !== own)) return;
      }
    } catch (error) {
      // The version is too old to watch from: read the object again.
      if (!hasReason(error, 'Expired', 'Gone')) throw error;
    }
    if (signal.aborted) throw timedOut(info);
  }
}

export const timedOut = (info: Info): CommandFailure =>
  new CommandFailure(`timed out waiting for the condition on ${info.resource.name}/${info.name}`);
