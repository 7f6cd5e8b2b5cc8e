import { beforeAll, describe, expect, it } from '@jest/globals';
import type { CustomResourceDefinition, JSONSchemaProps } from '../../generated/apiextensions/v1.ts';
import { Path } from '../../meta/field-path.ts';
import { clone } from '../../meta/object.ts';
import { loadPatterns } from '../../structural/patterns.ts';
import { validateUpdate } from '../../validate.ts';
import { customResourceDefinition } from './customresourcedefinition.ts';

beforeAll(loadPatterns);

const good = (schema: JSONSchemaProps = { type: 'object' }): CustomResourceDefinition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com', uid: 'u' },
  spec: {
    group: 'example.com',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
  },
  status: { storedVersions: ['v1'] },
});

const errorsOf = (crd: CustomResourceDefinition): string[] =>
  customResourceDefinition.validateCreate!(crd, new Path()).map(({ field, message }) => `${field}: ${message}`);
const changed = (change: (it: CustomResourceDefinition) => void): string[] => {
  const crd = good();
  change(crd);
  return errorsOf(crd);
};

describe('a definition', () => {
  it('is fine', () => expect(errorsOf(good())).toEqual([]));

  it.each<[string, (it: CustomResourceDefinition) => void, string[]]>([
    [
      'a name of its own',
      (it) => (it.metadata.name = 'x.y'),
      ['metadata.name: Invalid value: "x.y": must be spec.names.plural+"."+spec.group'],
    ],
    [
      'a group without a dot',
      (it) => {
        it.spec.group = 'example';
        it.metadata.name = 'widgets.example';
      },
      ['spec.group: Invalid value: "example": should be a domain with at least one dot'],
    ],
    ['no scope', (it) => (it.spec.scope = ''), ['spec.scope: Required value']],
    [
      'an odd scope',
      (it) => (it.spec.scope = 'World'),
      ['spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"'],
    ],
    [
      'kind and listKind alike',
      (it) => (it.spec.names.listKind = 'Widget'),
      ['spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same'],
    ],
    [
      'no storage version',
      (it) => (it.spec.versions[0]!.storage = false),
      [
        'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}]: must have exactly one version marked as storage version',
      ],
    ],
    [
      'a stored version that is gone',
      (it) => (it.status!.storedVersions = ['v1', 'v0']),
      [
        'status.storedVersions[1]: Invalid value: "v0": missing from spec.versions; v0 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v0 and removes v0 from status.storedVersions',
      ],
    ],
    [
      'a warning without deprecation',
      (it) => (it.spec.versions[0]!.deprecationWarning = 'x'),
      ['spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions'],
    ],
    [
      'a column of no type',
      (it) => (it.spec.versions[0]!.additionalPrinterColumns = [{ name: 'a', type: 'text', jsonPath: 'x' }]),
      [
        'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "x": must be a simple json path starting with .',
      ],
    ],
    [
      'a scale elsewhere',
      (it) =>
        (it.spec.versions[0]!.subresources = { scale: { specReplicasPath: '.status.n', statusReplicasPath: '' } }),
      [
        'spec.subresources.scale.specReplicasPath: Invalid value: ".status.n": should be a json path under .spec',
        'spec.subresources.scale.statusReplicasPath: Required value',
      ],
    ],
    [
      'a webhook that is nowhere',
      (it) =>
        (it.spec.conversion = { strategy: 'Webhook', webhook: { clientConfig: {}, conversionReviewVersions: ['v2'] } }),
      [
        'spec.conversion.webhookClientConfig: Required value: exactly one of url or service is required',
        'spec.conversion.conversionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
      ],
    ],
    [
      'preserveUnknownFields',
      (it) => (it.spec.preserveUnknownFields = true),
      [
        'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ],
    ],
  ])('with %s is refused', (_what, change, messages) => expect(changed(change)).toEqual(messages));

  it('names a schema in its version where versions differ', () => {
    const crd = good({ type: 'object', nullable: true });
    crd.spec.versions.push({
      name: 'v2',
      served: true,
      storage: false,
      schema: { openAPIV3Schema: { type: 'object' } },
    });
    expect(errorsOf(crd)).toEqual([
      'spec.versions[0].schema.openAPIV3Schema.nullable: Forbidden: nullable cannot be true at the root',
    ]);
  });

  it('keeps what decides about storage once it is established', () => {
    const old = good();
    old.status!.conditions = [{ type: 'Established', status: 'True' }];
    const it = clone(old);
    it.spec.scope = 'Cluster';
    expect(
      validateUpdate(customResourceDefinition, it, old).map(({ field, message }) => `${field}: ${message}`),
    ).toEqual(['spec.scope: Invalid value: "Cluster": field is immutable']);
  });

  it('keeps its group and plural, of which its name tells only when it is new', () => {
    const old = good();
    const it = clone(old);
    it.spec.group = 'example.org';
    it.spec.names.plural = 'things';
    expect(
      validateUpdate(customResourceDefinition, it, old).map(({ field, message }) => `${field}: ${message}`),
    ).toEqual([
      'spec.group: Invalid value: "example.org": field is immutable',
      'spec.names.plural: Invalid value: "things": field is immutable',
    ]);
  });
});

describe('a schema', () => {
  const root = 'spec.validation.openAPIV3Schema';
  const field = (x: JSONSchemaProps): JSONSchemaProps => ({ type: 'object', properties: { x } });
  const at = `${root}.properties[x]`;

  it.each<[JSONSchemaProps, string[]]>([
    [{}, [`${root}.type: Required value: must not be empty at the root`]],
    [
      { type: 'array', items: { type: 'string' } },
      [`${root}.type: Invalid value: "array": must be object at the root`],
    ],
    [field({}), [`${at}.type: Required value: must not be empty for specified object fields`]],
    [field({ type: 'array' }), [`${at}.items: Required value: must be specified`]],
    [
      field({ type: 'array', items: {} }),
      [`${at}.items.type: Required value: must not be empty for specified array items`],
    ],
    [
      field({ type: 'text' }),
      [
        `${at}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`,
      ],
    ],
    [
      { type: 'object', additionalProperties: true },
      [`${root}.additionalProperties: Forbidden: must not be used at the root`],
    ],
    [
      field({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }),
      [`${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
    ],
    [
      field({ type: 'string', pattern: '(' }),
      [
        `${at}.pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): \`(\``,
      ],
    ],
    [
      field({ type: 'string', anyOf: [{ type: 'string' }] }),
      [`${at}.anyOf[0].type: Forbidden: must be empty to be structural`],
    ],
    [
      { type: 'object', anyOf: [{ properties: { y: { minimum: 1 } } }] },
      [`${root}.properties[y]: Required value: because it is defined in ${root}.anyOf[0].properties[y]`],
    ],
    [
      { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
      [
        `${root}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`,
      ],
    ],
    [
      {
        type: 'object',
        properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 5 } } } },
      },
      [],
    ],
    [field({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }), []],
    [
      field({ 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true }),
      [
        `${at}.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true`,
      ],
    ],
    [
      field({ type: 'object', 'x-kubernetes-embedded-resource': true }),
      [
        `${at}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
      ],
    ],
    [
      field({ type: 'array', items: { type: 'string' }, uniqueItems: true }),
      [
        `${at}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
      ],
    ],
    [field({ type: 'string', $ref: '#/x' }), [`${at}.$ref: Forbidden: $ref is not supported`]],
    [
      field({
        type: 'array',
        items: { type: 'object', properties: { k: { type: 'string' } } },
        'x-kubernetes-list-type': 'map',
      }),
      [`${at}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`],
    ],
    [
      field({
        type: 'array',
        items: { type: 'object', properties: { k: { type: 'string' } } },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k', 'l'],
      }),
      [
        `${at}.x-kubernetes-list-map-keys: Invalid value: ["k","l"]: entries must all be names of item properties`,
        `${at}.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
      ],
    ],
    [
      field({ type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' }),
      [
        `${at}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set`,
      ],
    ],
    [
      field({ type: 'string', 'x-kubernetes-map-type': 'atomic' }),
      [`${at}.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified`],
    ],
    [
      field({ type: 'integer', default: 'x' }),
      [
        `${at}.default: Invalid value: "string": ${at}.default in body must be of type integer: "string"`.replace(
          `${at}.default in body`,
          ' in body',
        ),
      ],
    ],
    [
      field({ type: 'object', properties: { a: { type: 'string' } }, default: { b: 1 } }),
      [`${at}.default: Invalid value: {"b":1}: must not have unknown fields`],
    ],
    // Values are shown in the order of their fields' names.
    [
      field({ type: 'object', properties: { b: { type: 'string' } }, default: { c: 2, b: '', a: 1 } }),
      [`${at}.default: Invalid value: {"a":1,"b":"","c":2}: must not have unknown fields`],
    ],
    // Resources in defaults come first; nothing else is said then.
    [
      field({
        type: 'object',
        minProperties: 3,
        additionalProperties: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
        default: { p: { kind: 'Pod' } },
      }),
      [`${at}.default[p].apiVersion: Required value`],
    ],
    [
      field({
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
        default: { kind: 'a b', metadata: { name: 'x', labels: { a: 3 } } },
      }),
      [
        `${at}.default.metadata: Invalid value: {"labels":{"a":3},"name":"x"}: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string`,
      ],
    ],
    // Resources in defaults are whole.
    [
      field({
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
        default: { kind: 'a b' },
      }),
      [
        `${at}.default.apiVersion: Required value`,
        `${at}.default.kind: Invalid value: "a b": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
      ],
    ],
    // What no structural schema has, and no other error names.
    [
      field({ type: 'string', anyOf: [{ $schema: 'x' }] }),
      [`${root}: Invalid value: "": OpenAPIV3Schema 'schema' is not supported`],
    ],
    [field({ type: 'string', anyOf: [{ externalDocs: { url: 'https://x' } }] }), []],
    [
      { type: 'object', properties: { kind: { type: 'string', default: 'x' } } },
      [`${root}.properties[kind].default: Forbidden: must not be set in top-level kind`],
    ],
  ])('%j', (schema, messages) => expect(errorsOf(good(schema))).toEqual(messages));

  it.each<[string, string[]]>([
    ['.spec.color', []],
    ['.spec.labels.x', []],
    ['spec.color', ['is an invalid path: expected [ or . but got: spec']],
    ['.spec.', ['is an invalid path: unexpected end of JSON path']],
    [".spec['color']", ['is an invalid path: array notation is not allowed']],
    ['.metadata.name', ['is an invalid path: does not refer to a valid field']],
    [
      '.spec',
      [
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      ],
    ],
  ])('selects objects by %s, or says why not', (jsonPath, problems) => {
    const spec: JSONSchemaProps = {
      type: 'object',
      properties: {
        color: { type: 'string' },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
      },
    };
    const crd = good({ type: 'object', properties: { spec } });
    crd.spec.versions[0]!.selectableFields = [{ jsonPath }];
    const at = `spec.selectableFields[0].jsonPath: Invalid value: ${JSON.stringify(jsonPath)}`;
    expect(errorsOf(crd)).toEqual(problems.map((problem) => `${at}: ${problem}`));
  });

  it('finds the schema of selectable fields only where the internal form has both in one place', () => {
    const crd = good({ type: 'object', properties: { a: { type: 'string' } } });
    const selectableFields = [{ jsonPath: '.a' }];
    crd.spec.versions.push({ ...clone(crd.spec.versions[0]!), name: 'v2', storage: false, selectableFields });
    expect(errorsOf(crd)).toEqual([
      'spec.versions[1].selectableFields: Invalid value: "": may only be set when `version.schema.openAPIV3Schema` is not included',
    ]);
    crd.spec.versions[0]!.selectableFields = selectableFields;
    expect(errorsOf(crd)).toEqual([]);
    crd.spec.versions[0]!.schema = { openAPIV3Schema: { type: 'object' } };
    expect(errorsOf(crd)).toEqual([
      'spec.selectableFields: Invalid value: "": may only be set when validations.schema is included',
    ]);
  });

  it('may say little at the root where status is a subresource', () => {
    const crd = good({ type: 'object', anyOf: [{ minProperties: 1 }] });
    crd.spec.versions[0]!.subresources = { status: {} };
    expect(errorsOf(crd)[0]).toMatch(
      /^spec\.validation\.openAPIV3Schema: Invalid value: .*: only \[Description Type .* XValidations\] fields are allowed at the root of the schema if the status subresource is enabled$/,
    );
  });
});

describe('schemas of a definition', () => {
  const ofParts = (count: number) => good({ type: 'object', anyOf: Array.from({ length: count - 1 }, () => ({})) });
  const ofPatterns = (patterns: string[]) =>
    good({
      type: 'object',
      properties: Object.fromEntries(patterns.map((pattern, i) => [`p${i}`, { type: 'string', pattern }])),
    });
  const different = (count: number, make: (i: number) => string) => Array.from({ length: count }, (_, i) => make(i));

  it('have so many parts together, and no more', () => {
    expect(errorsOf(ofParts(100_000))).toEqual([]);
    const crd = ofParts(50_001);
    crd.spec.versions.push({ ...clone(crd.spec.versions[0]!), name: 'v2', storage: false });
    expect(errorsOf(crd)).toEqual(['spec.versions: Forbidden: schemas must not have more than 100000 parts together']);
  });

  it('have patterns that are read in good time together', () => {
    const tooMany = ['spec.versions: Forbidden: patterns of schemas must not be so many, or repeat so much, together'];
    expect(errorsOf(ofPatterns(different(5_000, (i) => `^[a-z]{0,3}-${i}$`)))).toEqual([]);
    expect(errorsOf(ofPatterns(different(5_000, () => '^[a-z]{0,999}$')))).toEqual([]);
    expect(errorsOf(ofPatterns(different(5_000, (i) => `^[a-z]{0,999}-${i}$`)))).toEqual(tooMany);
    expect(errorsOf(ofPatterns(different(5_000, (i) => `\\pL\\PN[[:alpha:]]${i}`)))).toEqual(tooMany);
    expect(errorsOf(ofPatterns(['a'.repeat(200_001)]))).toEqual(tooMany);
  });

  it('are looked at no further than that', () => {
    let looked = 0;
    const part = new Proxy(
      {},
      {
        ownKeys() {
          looked++;
          return [];
        },
      },
    );
    const crd = good({ type: 'object', allOf: Array.from({ length: 900_000 }, () => part) });
    expect(errorsOf(crd)).toHaveLength(1);
    expect(looked).toBeLessThan(100_001);
  });
});

describe('the authorities of a conversion webhook', () => {
  const block = (type: string, body: string, headers = '') =>
    `-----BEGIN ${type}-----\n${headers}${body}\n-----END ${type}-----\n`;
  const withAuthorities = (pem: string | undefined, established = true): CustomResourceDefinition => {
    const crd = good();
    const caBundle = pem === undefined ? {} : { caBundle: Buffer.from(pem).toString('base64') };
    crd.spec.conversion = {
      strategy: 'Webhook',
      webhook: { clientConfig: { url: 'https://a.example', ...caBundle }, conversionReviewVersions: ['v1'] },
    };
    if (established) {
      const conditions = [{ type: 'Established', status: 'True' }];
      crd.status = { ...crd.status!, conditions, acceptedNames: crd.spec.names };
    }
    return crd;
  };
  const problems = (it: CustomResourceDefinition, old: CustomResourceDefinition) =>
    validateUpdate(customResourceDefinition, it, old).map(({ field, message }) => [
      field,
      message.replace(/^Invalid value: "[^"]*": /, ''),
    ]);
  const refused = (problem: string) => [
    ['spec.conversion.webhookClientConfig.caBundle', `unable to load root certificates: ${problem}`],
  ];

  it.each([
    ['garbage', 'unable to parse bytes as PEM block'],
    ['\n', 'unable to parse bytes as PEM block'],
    [' ', 'unable to parse bytes as PEM block'],
    [`${block('PRIVATE KEY', 'AAAA')}\n\n`, 'unable to parse bytes as PEM block'],
    [block('PRIVATE KEY', 'AAAA'), 'no valid certificate authority data seen'],
    [`${block('PRIVATE KEY', 'AAAA')}more`, 'unable to parse bytes as PEM block'],
    [`x${block('CERTIFICATE', 'AAAA')}`, 'unable to parse bytes as PEM block'],
    [block('CERTIFICATE', '*'), 'unable to parse bytes as PEM block'],
    [block('CERTIFICATE', ''), 'failed to parse certificate: x509: malformed certificate'],
    [block('CERTIFICATE', 'AAAA'), 'failed to parse certificate: x509: malformed certificate'],
    [block('CERTIFICATE', 'AAAA', 'A: b\n\n'), 'no valid certificate authority data seen'],
  ])('cannot become %j', (pem, problem) => {
    expect(problems(withAuthorities(pem), withAuthorities(undefined))).toEqual(refused(problem));
  });

  it('may be wrong before the definition is served, and stay wrong', () => {
    expect(problems(withAuthorities('x', false), withAuthorities(undefined, false))).toEqual([]);
    expect(problems(withAuthorities('x'), withAuthorities('y'))).toEqual([]);
    expect(errorsOf(withAuthorities('x', false))).toEqual([]);
  });
});
