import { describe, expect, it } from '@jest/globals';
import { deployment } from './apps/v1/deployment.ts';
import { builtinKinds, scheme } from './builtin.ts';
import { configMap } from './core/v1/configmap.ts';
import { event as coreEvent } from './core/v1/event.ts';
import { secret } from './core/v1/secret.ts';
import { service } from './core/v1/service.ts';
import { event } from './events/v1/event.ts';
import type { Deployment } from './generated/apps/v1.ts';
import type { Service } from './generated/core/v1.ts';
import type { Event } from './generated/events/v1.ts';
import type { IPAddress, ServiceCIDR } from './generated/networking/v1.ts';
import type { PodDisruptionBudget } from './generated/policy/v1.ts';
import { ipAddress } from './networking/v1/ipaddress.ts';
import { serviceCidr } from './networking/v1/servicecidr.ts';
import { podDisruptionBudget } from './policy/v1/poddisruptionbudget.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from './validate.ts';

describe('built-in kinds', () => {
  it.each(builtinKinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind] as const))(
    '%s is found by kind and by resource',
    (_name, kind) => {
      expect(scheme.kind(kind.apiVersion, kind.kind)).toBe(kind);
      expect(scheme.resource(kind.apiVersion, kind.plural)).toBe(kind);
    },
  );
});

const messages = (errors: { field: string; message: string }[]) =>
  errors.map((each) => `${each.field}: ${each.message}`);

describe('a deployment', () => {
  const of = (spec: object): Deployment => {
    const it = { metadata: { name: 'web', namespace: 'default' }, spec } as Deployment;
    deployment.defaults!(it);
    return it;
  };
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };

  it('gets upstream defaults', () => {
    expect(of({ selector: { matchLabels: { app: 'web' } }, template }).spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', containers: [{ imagePullPolicy: 'Always' }] },
      },
    });
  });

  it('is refused when its selector misses its template', () => {
    expect(messages(validateCreate(deployment, of({ selector: { matchLabels: { app: 'other' } }, template })))).toEqual(
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    );
  });

  it('keeps its selector', () => {
    const old = of({ selector: { matchLabels: { app: 'web' } }, template });
    const it = of({
      selector: { matchLabels: { app: 'web', more: 'x' } },
      template: { ...template, metadata: { labels: { app: 'web', more: 'x' } } },
    });
    expect(messages(validateUpdate(deployment, it, old))).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"web","more":"x"}}: field is immutable',
    ]);
  });

  it('cannot roll with nothing to spare', () => {
    const it = of({
      selector: { matchLabels: { app: 'web' } },
      template,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } },
    });
    expect(messages(validateCreate(deployment, it))).toEqual([
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    ]);
  });
});

describe('a service', () => {
  const of = (spec: Service['spec']): Service => {
    const it = { metadata: { name: 'web', namespace: 'default' }, spec };
    service.defaults!(it);
    return it;
  };
  it('targets its own port unless told otherwise', () => {
    expect(of({ ports: [{ port: 80 }] }).spec.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  });
  it('names its ports when it has several', () => {
    expect(messages(validateCreate(service, of({ ports: [{ port: 80 }, { port: 81 }] })))).toEqual([
      'spec.ports[0].name: Required value',
      'spec.ports[1].name: Required value',
    ]);
  });
  it('has no node port inside the cluster', () => {
    expect(messages(validateCreate(service, of({ ports: [{ port: 80, nodePort: 30_000 }] })))).toEqual([
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ]);
  });
});

describe('maps and secrets', () => {
  it('turns stringData into data', () => {
    const it = { metadata: { name: 's', namespace: 'default' }, stringData: { word: 'x' }, data: { word: 'eQ==' } };
    secret.defaults!(it);
    expect(it).toEqual({ metadata: it.metadata, type: 'Opaque', data: { word: 'eA==' } });
  });
  it('stay as they are when immutable', () => {
    const old = { metadata: { name: 'c', namespace: 'default' }, immutable: true, data: { a: '1' } };
    expect(messages(validateUpdate(configMap, { ...old, data: { a: '2' } }, old))).toEqual([
      'data: Forbidden: field is immutable when `immutable` is set',
    ]);
  });
});

describe('a disruption budget', () => {
  const of = (spec: PodDisruptionBudget['spec']): PodDisruptionBudget => ({
    metadata: { name: 'Web_1', namespace: 'default' },
    spec,
  });
  const selector = { matchLabels: { app: 'web' } };

  it('says what must stay or what may go, in numbers or percent', () => {
    for (const spec of [{ minAvailable: 2, selector }, { maxUnavailable: '100%' }, { minAvailable: '0%' }, {}])
      expect(messages(validateCreate(podDisruptionBudget, of(spec)))).toEqual([]);
    expect(messages(validateCreate(podDisruptionBudget, of({ minAvailable: 1, maxUnavailable: 1 })))).toEqual([
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ]);
    expect(messages(validateCreate(podDisruptionBudget, of({ minAvailable: -1 })))).toEqual([
      'spec.minAvailable: Invalid value: -1: must be greater than or equal to 0',
    ]);
    expect(messages(validateCreate(podDisruptionBudget, of({ maxUnavailable: '101%' })))).toEqual([
      'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ]);
    expect(messages(validateCreate(podDisruptionBudget, of({ minAvailable: 'half' })))[0]).toContain(
      'spec.minAvailable: Invalid value: "half": a valid percent string must be a numeric string',
    );
  });

  it('without a spec selects nothing', () => {
    const it = { metadata: { name: 'none', namespace: 'default' } } as PodDisruptionBudget;
    podDisruptionBudget.defaults!(it);
    expect(it.spec).toEqual({});
    expect(messages(validateCreate(podDisruptionBudget, it))).toEqual([]);
  });

  it('is refused with a selector or a policy that is none', () => {
    const bad = of({ selector: { matchLabels: { '-': 'x' } }, unhealthyPodEvictionPolicy: 'Never' });
    const [first, ...others] = messages(validateCreate(podDisruptionBudget, bad));
    expect(first).toContain('spec.selector.matchLabels: Invalid value: "-": name part');
    expect(others).toEqual([
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ]);
  });

  it('has a status of counts and whole conditions', () => {
    const old = of({});
    const status = (more: PodDisruptionBudget['status']) =>
      messages(validateStatusUpdate(podDisruptionBudget, { ...old, status: more }, old));
    const condition = {
      type: 'DisruptionAllowed',
      status: 'True',
      reason: 'SufficientPods',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    expect(status({ disruptionsAllowed: 1, conditions: [condition] })).toEqual([]);
    expect(
      status({
        currentHealthy: -1,
        conditions: [condition, { ...condition, status: 'Maybe', reason: '1st', lastTransitionTime: '', message: '' }],
      }),
    ).toEqual([
      'status.conditions[1].type: Duplicate value: "DisruptionAllowed"',
      'status.conditions[1].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
      'status.conditions[1].lastTransitionTime: Required value: must be set',
      expect.stringContaining('status.conditions[1].reason: Invalid value: "1st": a condition reason must start with'),
      'status.currentHealthy: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });
});

describe('events of both forms', () => {
  it('convert there and back', () => {
    const it: Event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'e', namespace: 'default' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
      note: 'said',
      reason: 'Said',
      reportingController: 'c',
      type: 'Normal',
    };
    const stored = event.storedAs!.encode(it);
    expect(stored).toMatchObject({ apiVersion: coreEvent.apiVersion, involvedObject: { name: 'p' }, message: 'said' });
    expect(event.storedAs!.decode(stored)).toEqual(it);
  });
});

describe('an address that is taken', () => {
  const of = (name: string, parentRef?: object): IPAddress => ({
    metadata: { name },
    spec: parentRef ? { parentRef } : {},
  });
  const parent = { resource: 'services', namespace: 'default', name: 'web' };

  it.each([
    ['10.0.0.1', []],
    ['fd00::1', []],
    [
      '10.0.0.256',
      ['metadata.name: Invalid value: "10.0.0.256": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    ['fd00:0::1', ['metadata.name: Invalid value: "fd00:0::1": must be in canonical form ("fd00::1")']],
  ])('named %s', (name, errors) => {
    expect(messages(validateCreate(ipAddress, of(name, parent)))).toEqual(errors);
  });

  it('has somebody who took it, for ever', () => {
    expect(messages(validateCreate(ipAddress, of('10.0.0.1')))).toEqual(['spec.parentRef: Required value']);
    expect(messages(validateCreate(ipAddress, of('10.0.0.1', { group: 'a_b', resource: 'x/y' })))).toEqual([
      expect.stringContaining('spec.parentRef.group: Invalid value: "a_b"'),
      `spec.parentRef.resource: Invalid value: "x/y": may not contain '/'`,
      'spec.parentRef.name: Required value',
    ]);
    const change = validateUpdate(ipAddress, of('10.0.0.1', { ...parent, name: 'other' }), of('10.0.0.1', parent));
    expect(messages(change)).toEqual([
      'spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"default","Name":"other"}: field is immutable',
    ]);
  });

  it.each([
    [parent, 'services/default/web'],
    [{ group: 'example.com', resource: 'Gateways', name: 'edge' }, 'gateways.example.com/edge'],
  ])('shows %j as %s', (parentRef, shown) => {
    expect(ipAddress.columns![0]!.value(of('10.0.0.1', parentRef), 0)).toBe(shown);
  });
});

describe('a range of service addresses', () => {
  const of = (...cidrs: string[]): ServiceCIDR => ({ metadata: { name: 'extra' }, spec: { cidrs } });

  it.each([
    [[], 'spec.cidrs: Required value: at least one CIDR required'],
    [
      ['10.0.0.0/24', 'fd00::/64', '10.1.0.0/24'],
      'spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/24","fd00::/64","10.1.0.0/24"]}: may only hold up to 2 values',
    ],
    [['10.0.0.0/24', '10.1.0.0/24'], 'may specify no more than one IP for each IP family'],
    [['10.0.0.0'], 'spec.cidrs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value'],
  ])('%j is refused', (cidrs, message) => {
    expect(messages(validateCreate(serviceCidr, of(...cidrs)))).toEqual([expect.stringContaining(message)]);
  });

  it('keeps what it has, and may get the other family', () => {
    const old = of('10.0.0.0/24');
    expect(validateUpdate(serviceCidr, of('10.0.0.0/24', 'fd00::/64'), old)).toEqual([]);
    expect(messages(validateUpdate(serviceCidr, of('10.1.0.0/24'), old))).toEqual([
      'spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable',
    ]);
    expect(messages(validateUpdate(serviceCidr, old, of('10.0.0.0/24', 'fd00::/64')))).toEqual([
      'spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable',
    ]);
  });
});
