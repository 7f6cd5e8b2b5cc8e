import { describe, expect, it } from '@jest/globals';
import type { APIService, APIServiceSpec } from '../../generated/apiregistration/v1.ts';
import { validateCreate, validateStatusUpdate } from '../../validate.ts';
import { apiService } from './apiservice.ts';

const of = (spec: Partial<APIServiceSpec>, name = 'v1.example.com'): APIService => {
  const priorities = { groupPriorityMinimum: 1000, versionPriority: 15 };
  const it = { metadata: { name }, spec: { group: 'example.com', version: 'v1', ...priorities, ...spec } };
  apiService.defaults!(it);
  return it;
};
const errors = (it: APIService) => validateCreate(apiService, it).map(({ field, message }) => `${field}: ${message}`);
const service = { namespace: 'default', name: 'api' };

describe('an APIService', () => {
  it('is a local one, or names the Service that is asked', () => {
    expect(errors(of({}))).toEqual([]);
    expect(errors(of({ group: '' }, 'v1.'))).toEqual([]);
    expect(errors(of({ service, caBundle: 'YQ==' }))).toEqual([]);
    expect(of({ service }).spec.service?.port).toBe(443);
  });

  it.each<[string, APIService, string[]]>([
    [
      'another name',
      of({}, 'v2.example.com'),
      ['metadata.name: Invalid value: "v2.example.com": must be `spec.version+"."+spec.group`: "v1.example.com"'],
    ],
    [
      'no group',
      of({ group: '', version: 'v2' }, 'v2.'),
      ['spec.group: Required value: only v1 may have an empty group and it better be legacy kube'],
    ],
    [
      'priorities out of range',
      of({ groupPriorityMinimum: 20_001, versionPriority: 0 }),
      [
        'spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
        'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
      ],
    ],
    [
      'certificates of a local one',
      of({ caBundle: 'YWI=', insecureSkipTLSVerify: true }),
      [
        'spec.caBundle: Invalid value: "2 bytes": local APIServices may not have a caBundle',
        'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
      ],
    ],
    [
      'a port that is none',
      of({ service: { ...service, port: 70_000 } }),
      ['spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive'],
    ],
    [
      'a Service without a name, checked and not checked',
      of({ service: {}, caBundle: 'YWI=', insecureSkipTLSVerify: true }),
      [
        'spec.service.namespace: Required value',
        'spec.service.name: Required value',
        'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
      ],
    ],
  ])('is refused with %s', (_what, it, expected) => {
    expect(errors(it)).toEqual(expected);
  });

  it('is available at once where it is local', () => {
    const [local, remote] = [of({}), of({ service })];
    apiService.prepareForCreate!(local);
    apiService.prepareForCreate!(remote);
    expect(local.status?.conditions).toMatchObject([{ type: 'Available', status: 'True', reason: 'Local' }]);
    expect(remote.status).toEqual({});
    const [shown, available] = apiService.columns!;
    expect([shown!.value(local, 0), available!.value(local, 0)]).toEqual(['Local', 'True']);
    expect([shown!.value(remote, 0), available!.value(remote, 0)]).toEqual(['default/api', 'Unknown']);
    remote.status = { conditions: [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }] };
    expect(available!.value(remote, 0)).toBe('False (MissingEndpoints)');
  });

  it('has conditions that are true, false or unknown', () => {
    const it = { ...of({ service }), status: { conditions: [{ type: 'Available', status: 'Maybe' }] } };
    expect(
      validateStatusUpdate(apiService, it, of({ service })).map(({ field, message }) => `${field}: ${message}`),
    ).toEqual([
      'status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
    ]);
  });
});
