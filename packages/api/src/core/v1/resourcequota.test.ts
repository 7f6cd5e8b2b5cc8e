import { describe, expect, it } from '@jest/globals';
import type { ResourceQuota, ResourceQuotaSpec } from '../../generated/core/v1.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { resourceQuota } from './resourcequota.ts';

const of = (spec: object, status: object = {}): ResourceQuota => {
  const quota: ResourceQuota = {
    metadata: { name: 'q', namespace: 'default' },
    spec: spec as ResourceQuotaSpec,
    status: { ...status },
  };
  resourceQuota.defaults!(quota);
  return quota;
};
const messages = (errors: { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);
const errorsOf = (spec: object) => messages(validateCreate(resourceQuota, of(spec)));
const selecting = (...matchExpressions: object[]) => ({ scopeSelector: { matchExpressions } });
const existing =
  "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
  'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';

describe('a resource quota', () => {
  it.each([
    {
      hard: {
        cpu: '1500m',
        'limits.memory': '1Gi',
        'requests.ephemeral-storage': '1Gi',
        'requests.hugepages-2Mi': '4Mi',
        'requests.nvidia.com/gpu': '2',
        'count/deployments.apps': '3',
        'count/configmaps': '3',
        'services.loadbalancers': '0',
        'gold.storageclass.storage.k8s.io/requests.storage': '5Gi',
        'gpu.deviceclass.resource.k8s.io/devices': '5',
      },
    },
    { hard: { pods: '1' }, scopes: ['Terminating', 'BestEffort'] },
    { hard: { persistentvolumeclaims: '1' }, ...selecting({ scopeName: 'VolumeAttributesClass', operator: 'Exists' }) },
    { hard: { pods: '1' }, ...selecting({ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }) },
  ])('%j is fine', (spec) => expect(errorsOf(spec)).toEqual([]));

  it.each<[object, string[]]>([
    [
      { hard: { horses: '1' } },
      [
        'spec.hard[horses]: Invalid value: "horses": must be a standard resource type or fully qualified',
        'spec.hard[horses]: Invalid value: "horses": must be a standard resource for quota',
      ],
    ],
    [
      { hard: { storage: '1' } },
      ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota'],
    ],
    [{ hard: { cpu: '-1' } }, ['spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0']],
    [{ hard: { pods: '500m' } }, ['spec.hard[pods]: Invalid value: "500m": must be an integer']],
    [
      { hard: { 'count/jobs.batch': '1500m' } },
      ['spec.hard[count/jobs.batch]: Invalid value: "1500m": must be an integer'],
    ],
    [{ scopes: ['Fast'] }, ['spec.scopes: Invalid value: ["Fast"]: unsupported scope']],
    [
      { hard: { services: '1' }, scopes: ['Terminating'] },
      ['spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource'],
    ],
    [
      { hard: { cpu: '1' }, scopes: ['BestEffort', 'NotBestEffort'] },
      [
        'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope applied to resource',
        'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
      ],
    ],
    [
      selecting({ scopeName: 'BestEffort', operator: 'In', values: ['x'] }),
      [`spec.scopeSelector.matchExpressions.operator: Invalid value: "In": ${existing}`],
    ],
    [
      selecting({ scopeName: 'PriorityClass', operator: 'In' }),
      [
        "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      ],
    ],
    [
      selecting({ scopeName: 'PriorityClass', operator: 'DoesNotExist', values: ['x'] }),
      [
        'spec.scopeSelector.matchExpressions.values: Invalid value: ["x"]: ' +
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
      ],
    ],
    [
      selecting({ scopeName: 'Fast', operator: 'Equals' }),
      [
        'spec.scopeSelector.matchExpressions.scopeName: Invalid value: "Fast": unsupported scope',
        'spec.scopeSelector.matchExpressions.operator: Invalid value: "Equals": not a valid selector operator',
      ],
    ],
    [
      { hard: { services: '1' }, ...selecting({ scopeName: 'Terminating', operator: 'Exists' }) },
      [
        'spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"Terminating","Operator":"Exists","Values":null}]}: ' +
          'unsupported scope applied to resource',
      ],
    ],
    [
      selecting({ scopeName: 'Terminating', operator: 'Exists' }, { scopeName: 'NotTerminating', operator: 'Exists' }),
      ['spec.scopeSelector.matchExpressions: Invalid value: null: conflicting scopes'],
    ],
  ])('%j is refused', (spec, errors) => expect(errorsOf(spec)).toEqual(errors));

  it('keeps its scopes, in whatever order; its bounds may change', () => {
    const old = of({ hard: { pods: '1' }, scopes: ['Terminating', 'BestEffort'] });
    const change = (spec: object) => messages(validateUpdate(resourceQuota, of(spec), old));
    expect(change({ hard: { pods: '9' }, scopes: ['BestEffort', 'Terminating'] })).toEqual([]);
    expect(change({ hard: { pods: '1' }, scopes: ['Terminating'] })).toEqual([
      'spec.scopes: Invalid value: ["Terminating"]: field is immutable',
    ]);
  });

  it('has its status checked', () => {
    const status = { hard: { pods: '1.5' }, used: { horses: '-1' } };
    expect(messages(validateStatusUpdate(resourceQuota, of({}, status), of({})))).toEqual([
      'status.hard[pods]: Invalid value: "1500m": must be an integer',
      'status.used[horses]: Invalid value: "horses": must be a standard resource type or fully qualified',
      'status.used[horses]: Invalid value: "horses": must be a standard resource for quota',
      'status.used[horses]: Invalid value: "-1": must be greater than or equal to 0',
    ]);
  });

  it('rounds its amounts up to thousandths', () => {
    expect(of({ hard: { cpu: '100n' } }, { used: { cpu: '1u' } })).toMatchObject({
      spec: { hard: { cpu: '1m' } },
      status: { used: { cpu: '1m' } },
    });
  });

  it('shows requests and limits apart', () => {
    const hard = { pods: '10', 'limits.cpu': '2', 'requests.cpu': '1', limits: '1' };
    const quota = of({}, { hard, used: { pods: '3', 'limits.cpu': '500m' } });
    expect(resourceQuota.columns!.slice(0, 2).map((column) => column.value(quota, 0))).toEqual([
      'limits: 0/1, pods: 3/10, requests.cpu: 0/1',
      'limits.cpu: 500m/2',
    ]);
  });
});
