import { forbiddenError } from '@coracle/api/meta/status';
import { isSystemPriorityClass, priorityClass } from '@coracle/api/scheduling/v1/priorityclass';
import type { PriorityClass } from '@coracle/api/types/scheduling/v1';
import type { ResourceHooks } from './strategy.ts';

/** The classes of the system stay. */
export const priorityClassHooks: ResourceHooks<PriorityClass> = {
  beforeDelete({ metadata: { name = '' } }) {
    if (!isSystemPriorityClass(name)) return;
    const resource = { group: priorityClass.group, resource: priorityClass.plural };
    throw forbiddenError(resource, name, 'this is a system priority class and cannot be deleted');
  },
};
