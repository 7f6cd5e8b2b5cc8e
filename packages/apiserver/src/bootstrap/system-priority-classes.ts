import { isAlreadyExists } from '@coracle/api/meta/status';
import { priorityClass, systemPriorityClasses } from '@coracle/api/scheduling/v1/priorityclass';
import type { ObjectAccess } from '../registry/access.ts';

/** Creates the priority classes that every cluster has, where they are missing. */
export async function ensureSystemPriorityClasses(objects: ObjectAccess): Promise<void> {
  for (const each of systemPriorityClasses) {
    if (objects.cached(priorityClass, each.metadata.name!)) continue;
    try {
      await objects.create(priorityClass, each);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server was quicker
    }
  }
}
