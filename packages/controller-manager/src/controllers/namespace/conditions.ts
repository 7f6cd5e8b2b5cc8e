import { setCondition } from '@coracle/api/meta/conditions';
import { aggregate } from '@coracle/api/meta/status';
import type { NamespaceCondition } from '@coracle/api/types/core/v1';
import type { Emptying } from './content.ts';

type Verdict = [type: string, failed: boolean, reason: string, message: string];

/** The conditions of a namespace being emptied, brought up to date in place; returns whether any changed. */
export function noteConditions(conditions: NamespaceCondition[], emptying: Emptying): boolean {
  let changed = false;
  for (const [type, failed, reason, message] of verdicts(emptying)) {
    changed = setCondition(conditions, { type, status: failed ? 'True' : 'False', reason, message }) || changed;
  }
  return changed;
}

function verdicts({ discoveryFailures, deletionErrors, remaining, finalizers }: Emptying): Verdict[] {
  const failedGroups = discoveryFailures.map(({ groupVersion, error }) => `${groupVersion}: ${error.message}`);
  const left = [...remaining].map(([resource, count]) => `${resource} has ${count} resource instances`).sort();
  const held = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
  return [
    failedGroups.length > 0
      ? [
          'NamespaceDeletionDiscoveryFailure',
          true,
          'DiscoveryFailed',
          `Discovery failed for some groups, ${failedGroups.length} failing: unable to retrieve the complete list of server APIs: ${failedGroups.join(', ')}`,
        ]
      : ['NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'],
    [
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ],
    deletionErrors.length > 0
      ? [
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${deletionErrors.length} remaining: ${aggregate(deletionErrors.map((error) => error.message))}`,
        ]
      : [
          'NamespaceDeletionContentFailure',
          false,
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ],
    left.length > 0
      ? ['NamespaceContentRemaining', true, 'SomeResourcesRemain', `Some resources are remaining: ${left.join(', ')}`]
      : ['NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed'],
    held.length > 0
      ? [
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
        ]
      : ['NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
  ];
}
