import { describe, expect, it } from '@jest/globals';
import type { MutatingWebhook, ValidatingWebhookConfiguration } from '../../generated/admissionregistration/v1.ts';
import { validateCreate } from '../../validate.ts';
import { mutatingWebhookConfiguration } from './mutatingwebhookconfiguration.ts';
import { validatingWebhookConfiguration } from './validatingwebhookconfiguration.ts';

const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const webhook = (change: object = {}): MutatingWebhook => ({
  name: 'pods.example.com',
  clientConfig: { service: { name: 'hook', namespace: 'hooks' } },
  rules: [{ ...rule }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...change,
});
const configuration = (...webhooks: object[]) =>
  ({ metadata: { name: 'hooks' }, webhooks }) as ValidatingWebhookConfiguration;

describe('a webhook configuration', () => {
  it('gets upstream defaults', () => {
    const it = configuration(webhook());
    mutatingWebhookConfiguration.defaults!(it);
    expect(it.webhooks![0]).toEqual({
      ...webhook(),
      clientConfig: { service: { name: 'hook', namespace: 'hooks', port: 443 } },
      rules: [{ ...rule, scope: '*' }],
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      reinvocationPolicy: 'Never',
    });
  });

  it('has 64 match conditions at most', () => {
    const matchConditions = Array.from({ length: 65 }, (_, i) => ({ name: `c${i}`, expression: 'true' }));
    const errors = validateCreate(validatingWebhookConfiguration, configuration(webhook({ matchConditions })));
    expect(errors.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      'webhooks[0].matchConditions: Too many: 65: must have at most 64 items',
    ]);
  });

  const url = (text: string) => webhook({ clientConfig: { url: text } });
  const path = (text: string) => webhook({ clientConfig: { service: { name: 'a', namespace: 'b', path: text } } });
  const ruled = (change: object) => webhook({ rules: [{ ...rule, ...change }] });
  const form = '; desired format: https://host[/path]';

  it.each<[string, object[], string[]]>([
    ['is good', [webhook(), webhook({ name: 'b.example.com' })], []],
    ['with a full URL is good', [url('https://hook.example.com:8443/a/b')], []],
    [
      'names each webhook by a domain of three parts',
      [webhook({ name: 'a.b' }), webhook({ name: '' })],
      [
        'webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
        'webhooks[1].name: Required value',
      ],
    ],
    ['names each webhook once', [webhook(), webhook()], ['webhooks[1].name: Duplicate value: "pods.example.com"']],
    [
      'says one place of each webhook',
      [webhook({ clientConfig: {} }), webhook({ name: 'b.c.d', clientConfig: { url: 'https://a', service: {} } })],
      [0, 1].map((i) => `webhooks[${i}].clientConfig: Required value: exactly one of url or service is required`),
    ],
    [
      'has plain https URLs',
      [url('http://me@h/p?q=1#f')],
      [
        `Invalid value: "http": 'https' is the only allowed URL scheme${form}`,
        `Invalid value: "me": user information is not permitted in the URL`,
        `Invalid value: "f": fragments are not permitted in the URL`,
        `Invalid value: "q=1": query parameters are not permitted in the URL`,
      ].map((text) => `webhooks[0].clientConfig.url: ${text}`),
    ],
    [
      'has a host',
      [url('https:///p')],
      [`webhooks[0].clientConfig.url: Invalid value: "": host must be specified${form}`],
    ],
    [
      'has paths without empty segments',
      [path('/a//b')],
      ['webhooks[0].clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty'],
    ],
    [
      'has no rules that overlap',
      [ruled({ operations: ['*', 'CREATE'], resources: ['*', 'pods', '*/scale', 'deployments/scale'] })],
      [
        `webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
        `webhooks[0].rules[0].resources[3]: Invalid value: "deployments/scale": if '*/scale' is present, must not specify deployments/scale`,
        `webhooks[0].rules[0].resources: Invalid value: ["*","pods","*/scale","deployments/scale"]: if '*' is present, must not specify other resources without subresources`,
      ],
    ],
    [
      'has known words only',
      [
        webhook({
          failurePolicy: 'Maybe',
          sideEffects: 'Some',
          timeoutSeconds: 31,
          reinvocationPolicy: 'Always',
          rules: [{ ...rule, operations: ['READ'], scope: 'All' }],
        }),
      ],
      [
        'rules[0].operations[0]: Unsupported value: "READ": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
        'rules[0].scope: Unsupported value: "All": supported values: "*", "Cluster", "Namespaced"',
        'failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
        'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
        'timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
        'reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"',
      ].map((text) => `webhooks[0].${text}`),
    ],
    [
      'speaks a version of AdmissionReview that we speak',
      [webhook({ admissionReviewVersions: [] }), webhook({ name: 'b.c.d', admissionReviewVersions: ['v2', 'v2'] })],
      [
        'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1',
        'webhooks[1].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
        'webhooks[1].admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1',
      ],
    ],
  ])('%s', (_name, webhooks, expected) => {
    const errors = validateCreate(validatingWebhookConfiguration, configuration(...webhooks));
    expect(errors.map(({ field, message }) => `${field}: ${message}`)).toEqual(expected);
  });
});
