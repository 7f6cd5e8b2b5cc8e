import { describe, expect, it } from '@jest/globals';
import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
} from '../../generated/flowcontrol/v1.ts';
import { validateCreate } from '../../validate.ts';
import { flowSchema } from './flowschema.ts';
import { mandatoryLevels } from './mandatory-levels.ts';
import { mandatorySchemas } from './mandatory-schemas.ts';
import { priorityLevelConfiguration } from './prioritylevelconfiguration.ts';

const shown = (errors: readonly { field: string; message: string }[]) =>
  errors.map((each) => `${each.field}: ${each.message}`);

const rule: PolicyRulesWithSubjects = {
  subjects: [{ kind: 'User', user: { name: 'alice' } }],
  resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['default'] }],
};

function schemaErrors(spec: Partial<FlowSchema['spec']>, name = 'mine'): string[] {
  const it: FlowSchema = {
    metadata: { name },
    spec: { priorityLevelConfiguration: { name: 'system' }, rules: [rule], ...spec },
  };
  flowSchema.defaults!(it);
  return shown(validateCreate(flowSchema, it));
}

function levelErrors(spec: PriorityLevelConfiguration['spec'], name = 'mine'): string[] {
  const it: PriorityLevelConfiguration = { metadata: { name }, spec: structuredClone(spec) };
  priorityLevelConfiguration.defaults!(it);
  return shown(validateCreate(priorityLevelConfiguration, it));
}

describe('a FlowSchema', () => {
  it('has a precedence of its own, of which 1 is reserved', () => {
    expect(schemaErrors({})).toEqual([]);
    expect(schemaErrors({ matchingPrecedence: 1 })).toEqual([
      `spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1`,
    ]);
    expect(schemaErrors({ matchingPrecedence: 10_001 })).toHaveLength(1);
    expect(schemaErrors({ matchingPrecedence: -1 })).toHaveLength(1);
  });

  it('names a level, and a method that there is', () => {
    expect(schemaErrors({ priorityLevelConfiguration: { name: '' } })).toEqual([
      'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
    ]);
    expect(schemaErrors({ distinguisherMethod: { type: 'ByMoon' } })).toEqual([
      'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByMoon"}: supported values: "ByNamespace", "ByUser"',
    ]);
  });

  it.each<[string, Partial<PolicyRulesWithSubjects>, string]>([
    [
      'no subject',
      { subjects: [] },
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
    ],
    [
      'a subject of another kind',
      { subjects: [{ kind: 'User', user: { name: 'a' }, group: { name: 'b' } }] },
      "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
    ],
    [
      'an account without a namespace',
      { subjects: [{ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: '' } }] },
      'spec.rules[0].subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account',
    ],
    [
      'no place',
      { resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] },
      'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
    ],
    [
      'a wildcard among others',
      { resourceRules: [{ verbs: ['*', 'get'], apiGroups: ['*'], resources: ['*'], clusterScope: true }] },
      `spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
    ],
    [
      'a pattern in the middle of a path',
      { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a/*/b'] }] },
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a/*/b": wildcard can only do suffix matching',
    ],
  ])('with %s is refused', (_what, part, error) => {
    expect(schemaErrors({ rules: [{ ...rule, ...part }] })).toEqual([error]);
  });
});

describe('a PriorityLevelConfiguration', () => {
  const limited = (queuing: object) =>
    levelErrors({ type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing } } });

  it('gets defaults', () => {
    const it = { metadata: {}, spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } } };
    priorityLevelConfiguration.defaults!(it);
    expect(it.spec.limited).toEqual({
      nominalConcurrencyShares: 30,
      lendablePercent: 0,
      limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
    });
  });

  it('deals hands that a hash can tell apart', () => {
    expect(limited({ queues: 128, handSize: 6 })).toEqual([]);
    expect(limited({ queues: 4, handSize: 6 })).toEqual([
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 6: should not be greater than queues (4)',
    ]);
    expect(limited({ queues: 512, handSize: 8 })).toEqual([
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60',
    ]);
  });

  it('lends a part, and borrows up to a limit', () => {
    const limitResponse = { type: 'Wait' };
    expect(
      levelErrors({ type: 'Limited', limited: { limitResponse, lendablePercent: 101, borrowingLimitPercent: -1 } }),
    ).toEqual([
      'spec.limited.limitResponse.type: Unsupported value: "Wait": supported values: "Queue", "Reject"',
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
      'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
    ]);
  });

  it('is exempt by no other name', () => {
    expect(levelErrors({ type: 'Exempt' })).toEqual([
      `spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`,
    ]);
  });
});

describe('mandatory objects', () => {
  it('are as they are', () => {
    for (const { metadata, spec } of mandatoryLevels) expect(levelErrors(spec, metadata.name)).toEqual([]);
    for (const { metadata, spec } of mandatorySchemas) expect(schemaErrors(spec, metadata.name)).toEqual([]);
    const limits = { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } };
    expect(levelErrors(limits, 'catch-all')).toEqual([
      expect.stringMatching(
        /^spec: Invalid value: {"Type":"Limited","Limited":{.*: spec of 'catch-all' must equal the fixed value$/,
      ),
    ]);
    expect(schemaErrors({}, 'catch-all')).toEqual([
      expect.stringMatching(
        /^spec: Invalid value: {"PriorityLevelConfiguration":{.*: spec of 'catch-all' must equal the fixed value$/,
      ),
    ]);
  });

  it('may lend more of the exempt level', () => {
    expect(levelErrors({ type: 'Exempt', exempt: { lendablePercent: 50 } }, 'exempt')).toEqual([]);
  });
});
