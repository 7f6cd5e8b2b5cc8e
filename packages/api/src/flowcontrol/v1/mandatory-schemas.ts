import type { FlowDistinguisherMethodType, FlowSchema } from '../../generated/flowcontrol/v1.ts';
import { catchAllName, exemptName } from './mandatory-levels.ts';

/** The schemas of these names can only be so. */
export const mandatorySchemas: readonly FlowSchema[] = [
  everything(exemptName, 1, undefined, 'system:masters'),
  everything(catchAllName, 10_000, 'ByUser', 'system:unauthenticated', 'system:authenticated'),
];

/** A schema of all that the groups ask for, of the level of the same name. */
function everything(
  name: string,
  matchingPrecedence: number,
  method: FlowDistinguisherMethodType | undefined,
  ...groups: string[]
): FlowSchema {
  return {
    metadata: { name },
    spec: {
      priorityLevelConfiguration: { name },
      matchingPrecedence,
      ...(method ? { distinguisherMethod: { type: method } } : {}),
      rules: [
        {
          subjects: groups.map((group) => ({ kind: 'Group', group: { name: group } })),
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        },
      ],
    },
  };
}
