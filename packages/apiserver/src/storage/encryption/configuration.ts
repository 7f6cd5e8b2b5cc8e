import { append } from '@coracle/api/meta/append';
import { type FieldError, invalid, Path, required } from '@coracle/api/meta/field-path';
import { aggregate } from '@coracle/api/meta/status';
import { parseComponentConfig } from '@coracle/process/component-config';
import { z } from 'zod';

const keys = z.strictObject({
  keys: z.array(z.strictObject({ name: z.string().default(''), secret: z.string().default('') })).default([]),
});

const provider = z.strictObject({
  aesgcm: keys.nullish(),
  aescbc: keys.nullish(),
  secretbox: keys.nullish(),
  identity: z.strictObject({}).nullish(),
  kms: z.looseObject({}).nullish(),
});

const schema = z.strictObject({
  resources: z
    .array(
      z.strictObject({
        resources: z.array(z.string()).default([]),
        providers: z.array(provider).default([]),
      }),
    )
    .default([]),
});

/** Which ways of keeping which resources an EncryptionConfiguration lists. */
export type EncryptionConfiguration = z.infer<typeof schema>;
type Provider = z.infer<typeof provider>;
type Keys = z.infer<typeof keys>;

/** In the order in which one is taken where there are several. */
const providerNames = ['kms', 'aesgcm', 'aescbc', 'secretbox', 'identity'] as const;
const aesLengths = [16, 24, 32];
const keyLengths = { aesgcm: aesLengths, aescbc: aesLengths, secretbox: [32] };

/** Resources that are kept where no client can read them by the API. */
const notServed = ['serviceipallocations', 'servicenodeportallocations', 'apiserveripinfo'];

/** `*.*`, every resource there is. */
export const everything = '*.*';

/**
 * Reads an EncryptionConfiguration (apiserver.config.k8s.io/v1), as
 * https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/ has it. Throws an Error that names each field that is wrong.
 */
export function parseEncryptionConfiguration(text: string): EncryptionConfiguration {
  const configuration = parseComponentConfig(text, {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    schema,
  });
  const errors = problemsOf(configuration);
  if (errors.length > 0) throw new Error(aggregate(errors.map(({ field, message }) => `${field}: ${message}`)));
  refuseMasked(configuration.resources);
  return configuration;
}

function problemsOf({ resources }: EncryptionConfiguration): FieldError[] {
  const at = new Path('resources');
  if (resources.length === 0) return [required(at, `at least one ${at} is required`)];
  return resources.flatMap(({ resources: names, providers }, i) => {
    const [ofNames, ofProviders] = [at.index(i).child('resources'), at.index(i).child('providers')];
    return [
      ...(names.length === 0
        ? [required(ofNames, `at least one ${ofNames} is required`)]
        : overlapProblems(names, ofNames)),
      ...names.flatMap((name, j) => nameProblem(name).map((detail) => invalid(ofNames.index(j), name, detail))),
      ...(providers.length === 0 ? [required(ofProviders, `at least one ${ofProviders} is required`)] : []),
      ...providers.flatMap((each, j) => providerProblems(each, ofProviders.index(j))),
    ];
  });
}

function overlapProblems(names: readonly string[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (new Set(names).size < names.length) {
    errors.push(invalid(at, names, 'the same resource cannot be specified multiple times'));
  }
  if (names.some((name) => names.some((other) => other !== name && wildcardsOver(name).includes(other)))) {
    const detail =
      "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked";
    errors.push(invalid(at, names, detail));
  }
  return errors;
}

function nameProblem(name: string): string[] {
  if (name !== name.toLowerCase()) return ['resource name should not contain capital letters'];
  if (name === '*')
    return ["use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"];
  if (notServed.includes(name)) return ['resources which do not have REST API/s cannot be encrypted'];
  const { resource, group } = splitResource(name);
  if (group === 'events.k8s.io') {
    return [
      "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file",
    ];
  }
  if (group === 'extensions') return ["'extensions' group has been removed and cannot be used for encryption"];
  if (resource !== '*' && group === '*') return ['encrypting the same resource across groups is not supported'];
  return resource === '' ? ['resource name cannot be empty'] : [];
}

/** What upstream shows of a provider that is none. */
const noProvider = { AESGCM: null, AESCBC: null, Secretbox: null, Identity: null, KMS: null };

function providerProblems(it: Provider, at: Path): FieldError[] {
  const given = providerNames.filter((name) => it[name] !== undefined && it[name] !== null);
  const [name] = given;
  if (name === undefined) {
    const expected = 'KMS, AESGCM, AESCBC, Secretbox, Identity';
    return [invalid(at, noProvider, `provider does not contain any of the expected providers: ${expected}`)];
  }
  const errors: FieldError[] = [];
  if (given.length > 1) {
    const detail = 'more than one provider specified in a single element, should split into different list elements';
    errors.push(invalid(at, given.join(', '), detail)); // their keys are not shown
  }
  if (name === 'kms') {
    errors.push(invalid(at.child('kms'), 'kms', 'plugins for key management are not supported by this server'));
  } else if (name !== 'identity') {
    append(errors, keysProblems(it[name]!, keyLengths[name], at.child(name).child('keys')));
  }
  return errors;
}

function keysProblems({ keys: list }: Keys, lengths: readonly number[], at: Path): FieldError[] {
  if (list.length === 0) return [required(at, 'at least one keys is required')];
  return list.flatMap(({ name, secret }, i) => {
    const path = at.index(i);
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(path.child('name'), 'name is a mandatory field for a key'));
    if (secret === '') return [...errors, required(path.child('secret'), 'secret is a mandatory field for a key')];
    // A secret is not shown, also where it is no good.
    const shown = 'REDACTED';
    const bytes = secretOf(secret);
    if (!bytes) errors.push(invalid(path.child('secret'), shown, 'secrets must be base64 encoded'));
    else if (!lengths.includes(bytes.length)) {
      const detail = `secret is not of the expected length, got ${bytes.length}, expected one of [${lengths.join(' ')}]`;
      errors.push(invalid(path.child('secret'), shown, detail));
    }
    return errors;
  });
}

/** The bytes of a secret; undefined where it is not base64. */
export function secretOf(text: string): Buffer | undefined {
  const plain = text.replace(/[\r\n]/g, '');
  const bytes = Buffer.from(plain, 'base64');
  return bytes.toString('base64') === plain ? bytes : undefined;
}

/** A rule that an earlier wildcard covers would never be used. Throws for the first there is. */
function refuseMasked(resources: EncryptionConfiguration['resources']): void {
  const earlier = new Set<string>();
  for (const name of resources.flatMap((each) => each.resources)) {
    const rule = [...wildcardsOver(name), ...(name.startsWith('*') ? [name] : [])].find((each) => earlier.has(each));
    if (rule !== undefined) throw new Error(`resource "${name}" is masked by earlier rule "${rule}"`);
    earlier.add(name);
  }
}

/** The wildcards that cover a resource or a wildcard, the nearest first; without itself. */
export function wildcardsOver(name: string): string[] {
  return [`*.${splitResource(name).group}`, everything].filter((each) => each !== name);
}

function splitResource(name: string): { resource: string; group: string } {
  const dot = name.indexOf('.');
  return dot < 0 ? { resource: name, group: '' } : { resource: name.slice(0, dot), group: name.slice(dot + 1) };
}
