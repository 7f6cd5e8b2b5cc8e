import { expect, it } from '@jest/globals';
import type { CertificateSigningRequest } from '../../generated/certificates/v1.ts';
import { Path } from '../../meta/field-path.ts';
import { validateCreate, validateStatusUpdate } from '../../validate.ts';
import { certificateSigningRequest } from './certificatesigningrequest.ts';
import { validateApproval } from './request-validation.ts';

const request = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\neA==\n-----END CERTIFICATE REQUEST-----\n').toString(
  'base64',
);
const of = (signerName: string): CertificateSigningRequest => ({
  metadata: { name: 'a' },
  spec: { request, signerName, usages: ['client auth'] },
});
const shown = (errors: { field: string; message: string }[]) => errors.map((each) => `${each.field}: ${each.message}`);

it.each([
  ['example', "must be a fully qualified domain and path of the form 'example.com/signer-name'"],
  ['a.b/c/d', "must be a fully qualified domain and path of the form 'example.com/signer-name'"],
  ['example/x', 'should be a domain with at least two segments separated by dots'],
  ['kubernetes.io/legacy-unknown', 'the legacy signerName is not allowed via this API version'],
])('no signer is called %s', (name, detail) => {
  expect(shown(validateCreate(certificateSigningRequest, of(name)))).toEqual([
    expect.stringMatching(`^spec.signerName: Invalid value: "[^"]*": ${detail}`),
  ]);
});

it.each<[string, object[], object[], string[], string[]]>([
  [
    'added',
    [{ type: 'Approved', status: 'True' }],
    [],
    ['status.conditions: Forbidden: updates may not add a condition of type "Approved"'],
    [],
  ],
  [
    'told otherwise',
    [{ type: 'Denied', status: 'True', message: 'b' }],
    [{ type: 'Denied', status: 'True', message: 'a' }],
    [],
    [],
  ],
  [
    'removed',
    [],
    [{ type: 'Approved', status: 'True' }],
    ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"'],
    ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"'],
  ],
])('a decision may be %s where it is the place for it', (_, conditions, before, elsewhere, there) => {
  const old = { ...of('a.b/c'), status: { conditions: before } } as CertificateSigningRequest;
  const it = { ...old, status: { conditions } } as CertificateSigningRequest;
  expect(shown(validateStatusUpdate(certificateSigningRequest, it, old))).toEqual(elsewhere);
  expect(shown(validateApproval(it, old, new Path()))).toEqual(there);
});

it('that a request failed may be told otherwise, but not taken back', () => {
  const old: CertificateSigningRequest = {
    ...of('a.b/c'),
    status: { conditions: [{ type: 'Failed', status: 'True' }] },
  };
  const told = { ...old, status: { conditions: [{ type: 'Failed', status: 'True', message: 'again' }] } };
  expect(shown(validateStatusUpdate(certificateSigningRequest, told, old))).toEqual([]);
  expect(shown(validateStatusUpdate(certificateSigningRequest, { ...old, status: {} }, old))).toEqual([
    'status.conditions: Forbidden: updates may not remove a condition of type "Failed"',
  ]);
});

it('a request is approved or denied, and gets certificates', () => {
  const old = of('a.b/c');
  const status = {
    conditions: [
      { type: 'Approved', status: 'False' },
      { type: 'Denied', status: 'True' },
      { type: 'Other', status: 'Unknown' },
    ],
    certificate: Buffer.from('-----BEGIN KEY-----\nx\n-----END KEY-----\n').toString('base64'),
  };
  expect(shown(validateStatusUpdate(certificateSigningRequest, { ...old, status }, old))).toEqual([
    'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
    'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "KEY"',
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
    'status.conditions: Forbidden: updates may not add a condition of type "Denied"',
  ]);
});

it('a certificate that was issued stays', () => {
  const old: CertificateSigningRequest = { ...of('a.b/c'), status: { certificate: 'YQ==' } };
  const changed = { ...old, status: { certificate: 'Yg==' } };
  expect(shown(validateStatusUpdate(certificateSigningRequest, changed, old))).toEqual([
    'status.certificate: Forbidden: updates may not modify existing certificate content',
  ]);
});

it('usages that there are not are named before those that are there twice', () => {
  const it: CertificateSigningRequest = of('a.b/c');
  it.spec.usages = ['client auth', 'client auth', 'none'];
  expect(shown(validateCreate(certificateSigningRequest, it)).map((each) => each.slice(0, 35))).toEqual([
    'spec.usages[2]: Unsupported value: ',
    'spec.usages[1]: Duplicate value: "c',
  ]);
});
