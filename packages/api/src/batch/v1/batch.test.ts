import { describe, expect, it } from '@jest/globals';
import type { CronJob, Job, JobStatus } from '../../generated/batch/v1.ts';
import type { Kind, KubeObject } from '../../kind.ts';
import { clone } from '../../meta/object.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { cronJob } from './cronjob.ts';
import { job } from './job.ts';
import { scheduleError } from './schedule.ts';

const messages = (errors: { field: string; message: string }[]) =>
  errors.map((each) => `${each.field}: ${each.message}`);

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };

/** An object as it is when it is validated on its way into the store. */
function made<T extends KubeObject>(kind: Kind<T>, spec: object, name = 'pi'): T {
  const it = { metadata: { name, namespace: 'n', uid: 'u1' }, spec: clone(spec) } as unknown as T;
  kind.defaults?.(it);
  kind.prepareForCreate?.(it);
  return it;
}

describe('a job', () => {
  const of = (spec: object = {}, name?: string) => made<Job>(job, { template, ...spec }, name);
  const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 };
  const rules = (...list: object[]) => ({ podFailurePolicy: { rules: list } });

  it('gets defaults, a selector and labels of its own', () => {
    const labels = {
      'controller-uid': 'u1',
      'job-name': 'pi',
      'batch.kubernetes.io/controller-uid': 'u1',
      'batch.kubernetes.io/job-name': 'pi',
    };
    expect(of()).toMatchObject({
      metadata: { labels },
      spec: {
        completions: 1,
        parallelism: 1,
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        suspend: false,
        manualSelector: false,
        podReplacementPolicy: 'TerminatingOrFailed',
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } },
        template: { metadata: { labels } },
      },
    });
    expect(of({ ...indexed, backoffLimitPerIndex: 1 }).spec.backoffLimit).toBe(2_147_483_647);
    expect(of({ parallelism: 2 }).spec.completions).toBeUndefined();
  });

  it.each<[object, string[]]>([
    [{}, []],
    [{ ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 2 }, []],
    [
      { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      { completionMode: 'Indexed', parallelism: 1 },
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [{ backoffLimitPerIndex: 1 }, ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode']],
    [
      { ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 4 },
      ['spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions'],
    ],
    [
      { managedBy: 'me' },
      ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [
      { podReplacementPolicy: 'TerminatingOrFailed', ...rules({ action: 'Ignore', onPodConditions: [{ type: 'X' }] }) },
      ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
    ],
    [
      rules({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [2, 0, 2] } }, { action: 'Count' }),
      [
        'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 2',
        'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,0,2]: must be ordered',
        'spec.podFailurePolicy.rules[1]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      ],
    ],
    [
      { ...indexed, successPolicy: { rules: [{ succeededIndexes: '0-1,1' }, { succeededCount: 4 }] } },
      [
        'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-1,1": error parsing succeededIndexes: non-increasing order, previous: 1, current: 1',
        'spec.successPolicy.rules[1].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of specified completions)',
      ],
    ],
    [
      { selector: { matchLabels: { a: 'b' } } },
      [
        'spec.template.metadata.labels: Invalid value: {"controller-uid":"u1","job-name":"pi","batch.kubernetes.io/controller-uid":"u1","batch.kubernetes.io/job-name":"pi"}: `selector` does not match template `labels`',
        'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"u1","a":"b"}}: `selector` not auto-generated',
      ],
    ],
  ])('%j', (spec, errors) => expect(messages(validateCreate(job, of(spec)))).toEqual(errors));

  it('leaves room for the indexes in the names of its pods', () => {
    const name = 'x'.repeat(62);
    expect(messages(validateCreate(job, of(indexed, name)))).toEqual([
      `metadata.name: Invalid value: "${name}": will not able to create pod with invalid DNS label: ${name}-2`,
    ]);
  });

  const changed = (old: Job, change: (it: Job) => void): string[] => {
    const it = clone(old);
    change(it);
    return messages(validateUpdate(job, it, old)).map((each) => each.replace(/Invalid value: .*: /, ''));
  };

  it('keeps what it is to do', () => {
    expect(
      changed(of(), ({ spec }) => Object.assign(spec, { parallelism: 5, suspend: true, backoffLimit: 1 })),
    ).toEqual([]);
    expect(
      changed(of(), ({ spec }) => {
        spec.completions = 2;
        spec.template.spec.nodeSelector = { a: 'b' };
        spec.managedBy = 'example.com/x';
      }),
    ).toEqual([
      'spec.completions: field is immutable',
      'spec.template: field is immutable',
      'spec.managedBy: field is immutable',
    ]);
  });

  it('shows what may not change in the internal form', () => {
    const policies = { successPolicy: { rules: [{ succeededCount: 1 }] } };
    const old = of({ ...indexed, ...policies });
    const it = clone(old);
    it.spec.successPolicy!.rules = [{ succeededIndexes: '0' }];
    it.spec.template.metadata!.annotations = { a: 'b' };
    expect(messages(validateUpdate(job, it, old))).toEqual([
      expect.stringMatching(
        /^spec.template: Invalid value: {.*"annotations":{"a":"b"},"Spec":{"Volumes":null,"InitContainers":null,.*"TTY":false}\],.*"SELinuxOptions":null,/,
      ),
      'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":"0","SucceededCount":null}]}: field is immutable',
    ]);
    expect(messages(validateCreate(job, of(policies)))).toContain(
      'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
    );
  });

  it('grows when it is indexed', () => {
    expect(changed(of(indexed), ({ spec }) => Object.assign(spec, { completions: 5, parallelism: 5 }))).toEqual([]);
    expect(changed(of(indexed), ({ spec }) => Object.assign(spec, { completions: 5 }))).toEqual([
      'spec.completions: can only be modified in tandem with spec.parallelism',
    ]);
  });

  it('may go elsewhere, with other resources, while it is suspended', () => {
    const move = ({ spec }: Job) => {
      const pod = spec.template.spec;
      pod.nodeSelector = { zone: 'a' };
      pod.tolerations = [{ operator: 'Exists' }];
      pod.affinity = { nodeAffinity: {} };
      pod.containers[0]!.resources = { requests: { cpu: '1' } };
      spec.template.metadata!.annotations = { a: 'b' };
    };
    const suspended = of({ suspend: true });
    expect(changed(suspended, move)).toEqual([]);
    expect(changed({ ...suspended, status: { active: 1 } }, move)).toEqual(['spec.template: field is immutable']);
    expect(changed(suspended, ({ spec }) => (spec.template.spec.containers[0]!.image = 'j'))).toEqual([
      'spec.template: field is immutable',
    ]);
  });

  const report = (status: JobStatus, before: JobStatus = {}, spec: object = {}) =>
    messages(validateStatusUpdate(job, { ...of(spec), status }, { ...of(spec), status: before }));
  const condition = (...types: string[]) => ({ conditions: types.map((type) => ({ type, status: 'True' })) });
  const [start, end] = ['2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'];

  it.each<[JobStatus, JobStatus, object, string[]]>([
    [{ ...condition('SuccessCriteriaMet', 'Complete'), startTime: start, completionTime: end }, {}, {}, []],
    [
      condition('Complete'),
      {},
      {},
      [
        'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
        'status.completionTime: Required value: completionTime is required for Complete jobs',
        'status.startTime: Required value: startTime is required for finished job',
      ],
    ],
    [
      { completedIndexes: '0-1', failedIndexes: '1' },
      {},
      { ...indexed, backoffLimitPerIndex: 1 },
      ['status.failedIndexes: Invalid value: "1": failedIndexes and completedIndexes overlap at index: 1'],
    ],
    [
      { completedIndexes: '0' },
      {},
      {},
      [
        'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
      ],
    ],
    [
      { failed: 1 },
      { startTime: start, failed: 2, ...condition('FailureTarget') },
      {},
      [
        'status.conditions: Invalid value: cannot disable the terminal FailureTarget=True condition',
        'status.failed: Invalid value: 1: cannot decrease the failed counter',
        'status.startTime: Required value: cannot remove startTime for unsuspended job',
      ],
    ],
  ])('reports %j after %j', (status, before, spec, errors) => expect(report(status, before, spec)).toEqual(errors));

  it('shows how far it is', () => {
    const now = Date.parse(end!);
    const shown = (it: Job) => job.columns!.slice(0, 3).map((column) => column.value(it, now));
    expect(shown({ ...of({ completions: 3 }), status: { startTime: start, succeeded: 1 } })).toEqual([
      'Running',
      '1/3',
      '60m',
    ]);
    expect(shown({ ...of({ parallelism: 2 }), status: condition('Suspended') })).toEqual(['Suspended', '0/1 of 2', '']);
  });
});

describe('a cron job', () => {
  const of = (spec: object = {}, name = 'pi') =>
    made<CronJob>(cronJob, { schedule: '*/5 * * * *', jobTemplate: { spec: { template } }, ...spec }, name);

  it('gets upstream defaults', () => {
    expect(of().spec).toMatchObject({
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
  });

  it.each<[object, string[]]>([
    [{}, []],
    [{ timeZone: 'Europe/Berlin' }, []],
    [{ timeZone: '' }, ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']],
    [{ timeZone: 'Mars/Base' }, ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base']],
    [
      { timeZone: 'local' },
      [
        'spec.timeZone: Invalid value: "local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ],
    ],
    [{ schedule: '' }, ['spec.schedule: Required value']],
    [
      { schedule: 'TZ=UTC 0 * * * *' },
      [
        'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [
      { jobTemplate: { spec: { template, manualSelector: true, selector: {} } } },
      [
        'spec.jobTemplate.spec.selector: Invalid value: {}: `selector` will be auto-generated',
        'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
      ],
    ],
  ])('%j', (spec, errors) => expect(messages(validateCreate(cronJob, of(spec)))).toEqual(errors));

  it('leaves room for the time in the names of its jobs', () => {
    expect(messages(validateCreate(cronJob, of({}, 'x'.repeat(52))))).toEqual([]);
    expect(messages(validateCreate(cronJob, of({}, 'x'.repeat(53))))).toEqual([
      `metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`,
    ]);
  });
});

describe('a schedule', () => {
  it.each([
    '* * * * *',
    '0,30 8-18/2 1 jan-MAR mon',
    '@daily',
    '@every 1h30m',
    '5/10 ? * * ?',
    'CRON_TZ=Asia/Tokyo 0 6 * * *',
  ])('%s', (schedule) => expect(scheduleError(schedule)).toBeUndefined());

  it.each([
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['*/2/3 * * * *', 'too many slashes: */2/3'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['@often', 'unrecognized descriptor: @often'],
    ['@every 5x', 'failed to parse duration @every 5x: time: unknown unit "x" in duration "5x"'],
    ['TZ=Mars 0 * * * *', 'provided bad location Mars: unknown time zone Mars'],
  ])('%s: %s', (schedule, error) => expect(scheduleError(schedule)).toBe(error));
});

describe('who writes a job, or a template of jobs, is warned', () => {
  const spec = { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001, template: { spec: {} } };
  const of = (generation: number) => ({ metadata: { name: 'a', generation } });
  const many =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';

  it('of more indexes than can be kept track of, where the spec changes', () => {
    const one = { ...of(1), spec } as never;
    expect(job.warnings!(one, undefined, '')).toEqual([`spec: ${many}`]);
    expect(job.warnings!(one, { ...of(2), spec } as never, '')).toEqual([`spec: ${many}`]);
    expect(job.warnings!(one, one, '')).toEqual([]);
    const template = { ...of(1), spec: { schedule: '@daily', jobTemplate: { spec } } } as never;
    expect(cronJob.warnings!(template, undefined, '')).toEqual([`spec.jobTemplate.spec: ${many}`]);
    expect(cronJob.warnings!(template, template, 'status')).toEqual([]);
  });

  it('of a zone in a schedule that had it before it was refused', () => {
    const zoned = { ...of(1), spec: { schedule: 'TZ=UTC 0 * * * *', jobTemplate: {} } } as never;
    expect(cronJob.warnings!(zoned, zoned, '')).toEqual([
      'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
    ]);
  });
});
