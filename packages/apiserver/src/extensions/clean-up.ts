import { customResourceDefinition } from '@coracle/api/apiextensions/v1/customresourcedefinition';
import { isEstablished, setCondition } from '@coracle/api/apiextensions/v1/definition-conditions';
import type { AnyKind } from '@coracle/api/kind';
import { messageOf } from '@coracle/api/meta/message-of';
import { aggregate, isNotFound } from '@coracle/api/meta/status';
import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '@coracle/api/types/apiextensions/v1';
import type { Registry } from '../registry/registry.ts';
import { Filter } from '../storage/filter.ts';
import type { ResourceCache } from '../storage/resource-cache.ts';
import { cleanupFinalizer } from './definition-hooks.ts';

/** How long one attempt waits for objects that have finalizers of their own, in milliseconds. */
const patience = 60_000;

type Progress = Pick<CustomResourceDefinitionCondition, 'status' | 'reason' | 'message'>;

const neverEstablished: Progress = {
  status: 'False',
  reason: 'NeverEstablished',
  message: 'resource was never established',
};
const overlapping: Progress = {
  status: 'False',
  reason: 'OverlappingBuiltInResource',
  message: 'instances overlap with built-in resources in storage',
};

/**
 * Deletes the objects of a definition that is being deleted, waits until they are gone, and lets the definition go. What happens is told in the
 * condition Terminating. Throws where objects are left, to be tried again, and without a word where `signal` aborts. `storage`: the kind they
 * are stored as; `built-in`: they are none of the definition's.
 */
export async function cleanUp(
  registry: Registry,
  name: string,
  storage: AnyKind | 'built-in' | undefined,
  signal: AbortSignal,
): Promise<void> {
  const crd = await tell(registry, name, {
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message: 'CustomResource deletion is in progress',
  });
  if (!crd) return;
  if (!isEstablished(crd) || storage === 'built-in') {
    await tell(registry, name, isEstablished(crd) ? overlapping : neverEstablished, true);
    return;
  }
  const failed = async (reason: string, message: string): Promise<never> => {
    await tell(registry, name, { status: 'True', reason, message });
    throw new Error(message);
  };
  if (!storage) {
    return failed('InstanceDeletionFailed', 'could not list instances: the custom resource is not served yet');
  }
  await registry.fresh();
  const cache = registry.find(storage)?.cache;
  if (!cache) return; // another server was faster
  const problems = await deleteAll(registry, storage, cache);
  signal.throwIfAborted();
  if (problems.length > 0) {
    await failed('InstanceDeletionFailed', `could not issue all deletes: ${aggregate(problems)}`);
  }
  const isEmpty = await emptied(cache, signal);
  signal.throwIfAborted();
  if (!isEmpty) {
    await failed(
      'InstanceDeletionCheck',
      'could not confirm zero CustomResources remaining: timed out waiting for the condition',
    );
  }
  const done: Progress = { status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' };
  await tell(registry, name, done, true);
}

/** Sets the condition Terminating; `last` also lets the definition go. Undefined: it is gone, or is not being deleted. */
async function tell(
  registry: Registry,
  name: string,
  progress: Progress,
  last = false,
): Promise<CustomResourceDefinition | undefined> {
  try {
    return await registry.update(
      customResourceDefinition,
      name,
      undefined,
      (it) => {
        setCondition(it, { type: 'Terminating', ...progress });
        if (last) it.metadata.finalizers = it.metadata.finalizers?.filter((each) => each !== cleanupFinalizer) ?? [];
        return it;
      },
      { subresource: 'status' },
    );
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function deleteAll(registry: Registry, storage: AnyKind, cache: ResourceCache): Promise<string[]> {
  const problems: string[] = [];
  for (const { name, namespace } of cache.list(new Filter(storage, ''))) {
    try {
      await registry.delete(storage, name, namespace === '' ? undefined : namespace);
    } catch (error) {
      if (!isNotFound(error)) problems.push(messageOf(error));
    }
  }
  return problems;
}

/** Waits until a cache holds nothing; false when that takes too long. */
function emptied(cache: ResourceCache, signal: AbortSignal): Promise<boolean> {
  if (cache.size === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (empty: boolean) => {
      clearTimeout(timer);
      off();
      signal.removeEventListener('abort', aborted);
      resolve(empty);
    };
    const aborted = () => finish(false);
    const check = () => {
      if (cache.size === 0) finish(true);
    };
    const timer = setTimeout(() => finish(false), patience).unref();
    const off = cache.listen({ changed: check, reloaded: check });
    signal.addEventListener('abort', aborted, { once: true });
  });
}
