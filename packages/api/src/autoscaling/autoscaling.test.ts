import { describe, expect, it } from '@jest/globals';
import type { HorizontalPodAutoscaler } from '../generated/autoscaling/v2.ts';
import { clone } from '../meta/object.ts';
import { validateCreate, validateUpdate } from '../validate.ts';
import { toV1, toV2 } from './v1/autoscaler-conversion.ts';
import { horizontalPodAutoscaler } from './v2/horizontalpodautoscaler.ts';

const messages = (errors: { field: string; message: string }[]) =>
  errors.map((each) => `${each.field}: ${each.message}`);

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

function of(spec: object = {}): HorizontalPodAutoscaler {
  const it = { metadata: { name: 'web', namespace: 'n' }, spec: clone({ scaleTargetRef, maxReplicas: 5, ...spec }) };
  horizontalPodAutoscaler.defaults!(it);
  return it;
}

const full: HorizontalPodAutoscaler = {
  ...of({
    metrics: [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 }, container: 'c' },
      },
      {
        type: 'Pods',
        pods: {
          metric: { name: 'requests', selector: { matchLabels: { verb: 'GET' } } },
          target: { type: 'AverageValue', averageValue: '10' },
        },
      },
      {
        type: 'Object',
        object: {
          describedObject: { kind: 'Service', name: 'web' },
          target: { type: 'AverageValue', averageValue: '5' },
          metric: { name: 'hits' },
        },
      },
      { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '100' } } },
    ],
    behavior: { scaleUp: { stabilizationWindowSeconds: 30, tolerance: '50m' } },
  }),
  status: {
    currentReplicas: 2,
    desiredReplicas: 3,
    currentMetrics: [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '400m' } } },
    ],
    conditions: [{ type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' }],
  },
};

describe('an autoscaler', () => {
  it('aims at 80% of the processor by default, and fills in behavior that is begun', () => {
    expect(of({ behavior: { scaleDown: { selectPolicy: 'Min' } } }).spec).toEqual({
      scaleTargetRef,
      maxReplicas: 5,
      minReplicas: 1,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Pods', value: 4, periodSeconds: 15 },
            { type: 'Percent', value: 100, periodSeconds: 15 },
          ],
        },
        scaleDown: { selectPolicy: 'Min', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
      },
    });
  });

  it('goes through the older form without loss', () => {
    const older = toV1(clone(full));
    expect(toV2(clone(older))).toEqual(full);
    expect(older.spec).toEqual({ scaleTargetRef, maxReplicas: 5, minReplicas: 1, targetCPUUtilizationPercentage: 50 });
    expect(older.status).toEqual({ currentReplicas: 2, desiredReplicas: 3, currentCPUUtilizationPercentage: 40 });
    expect(older.metadata.annotations).toMatchObject({
      'autoscaling.alpha.kubernetes.io/conditions':
        '[{"type":"AbleToScale","status":"True","reason":"ReadyForNewScale"}]',
      'autoscaling.alpha.kubernetes.io/current-metrics':
        '[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":40,"currentAverageValue":"400m"}}]',
      'autoscaling.alpha.kubernetes.io/behavior': expect.stringContaining(
        '{"ScaleUp":{"StabilizationWindowSeconds":30,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}',
      ),
    });
  });

  it('may go on scaling what it scales, whatever that is called', () => {
    const older = of({ scaleTargetRef: { kind: 'Deployment', name: 'web' } });
    const wrong = 'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group';
    const other = of({ scaleTargetRef: { kind: 'StatefulSet', name: 'web' } });
    expect(messages(validateUpdate(horizontalPodAutoscaler, clone(older), older))).toEqual([]);
    expect(messages(validateUpdate(horizontalPodAutoscaler, other, older))).toEqual([wrong]);
  });

  it('drops annotations of the older form that are not JSON', () => {
    const it = toV1(of());
    it.metadata.annotations = { 'autoscaling.alpha.kubernetes.io/metrics': '[', mine: 'x' };
    expect(toV2(it).metadata.annotations).toEqual({ mine: 'x' });
  });

  it.each<[object, string[]]>([
    [full.spec, []],
    [{ minReplicas: 0 }, ['spec.minReplicas: Invalid value: 0: must be greater than or equal to 1']],
    [{ minReplicas: 6 }, ['spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`']],
    [
      { scaleTargetRef: { kind: 'a/b', name: '' } },
      [
        'spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain \'/\'',
        'spec.scaleTargetRef.name: Required value',
        'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
      ],
    ],
    [{ scaleTargetRef: { kind: 'ReplicationController', name: 'a' } }, []],
    [
      { scaleTargetRef: { apiVersion: 'a/b/c', kind: 'Deployment', name: 'a' } },
      ['spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
    ],
    [
      {
        metrics: [
          {
            type: 'Object',
            object: {
              describedObject: { apiVersion: 'a/b/c', kind: 'Service', name: 'web' },
              target: { type: 'Value', value: '5' },
              metric: { name: 'hits' },
            },
          },
        ],
      },
      [
        'spec.metrics[0].object.describedObject.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      ],
    ],
    [
      {
        metrics: [
          {
            type: 'External',
            external: { metric: {}, target: { type: 'Value', value: '1' } },
            pods: { metric: {}, target: {} },
          },
        ],
      },
      [
        'spec.metrics[0].external.metric.name: Required value: must specify a metric name',
        'spec.metrics[0].pods: Forbidden: must populate the given metric source only',
      ],
    ],
    [
      {
        metrics: [{ type: 'Pods', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 0 } } }],
      },
      [
        'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
        'spec.metrics[0].pods: Required value: must populate information for the given metric source',
      ],
    ],
    [
      { behavior: { scaleUp: { policies: [{ type: 'Pods', value: 0, periodSeconds: 1801 }] } } },
      [
        'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
        'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
      ],
    ],
  ])('%j', (spec, errors) => expect(messages(validateCreate(horizontalPodAutoscaler, of(spec)))).toEqual(errors));

  it('shows its metrics as they are and should be', () => {
    const targets = horizontalPodAutoscaler.columns!.find(({ name }) => name === 'Targets')!;
    expect(targets.value(full, 0)).toBe('cpu: 40%/50%, memory: <unknown>/1Gi + 4 more...');
  });
});
