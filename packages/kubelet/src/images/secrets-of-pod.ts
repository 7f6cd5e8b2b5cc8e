import type { Pod, Secret } from '@coracle/api/types/core/v1';
import type { ObjectSource } from '../environment/environment.ts';
import type { Events } from '../pods/events.ts';

/** The pull secrets a pod names. One that cannot be had is told by an event; the pull is tried without it. */
export async function pullSecretsOf(pod: Pod, objects: ObjectSource, events: Events): Promise<Secret[]> {
  const found: Secret[] = [];
  const missing: string[] = [];
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    if (!name) continue;
    try {
      const secret = await objects.secret(pod.metadata.namespace ?? '', name);
      if (secret) found.push(secret);
      else missing.push(name);
    } catch {
      // Why it cannot be had does not matter to the pull, and the event names it.
      missing.push(name);
    }
  }
  if (missing.length > 0) {
    events.pod(
      pod,
      'Warning',
      'FailedToRetrieveImagePullSecret',
      `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`,
    );
  }
  return found;
}
