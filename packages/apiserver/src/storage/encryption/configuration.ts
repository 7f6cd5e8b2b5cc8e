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

const providerNames = ['aesgcm', 'aescbc', 'secretbox', 'kms', 'identity'] as const;
const aesLengths = [16, 24, 32];
const keyLengths = { aesgcm: aesLengths, aescbc: aesLengths, secretbox: [32] };

/** Resources that are kept where no client can read them by the API. */
const notServed = ['serviceipallocations', 'servicenodeportallocations', 'apiserveripinfo', 'apiserveripinfos'];

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
  return configuration;
}

function problemsOf({ resources }: EncryptionConfiguration): FieldError[] {
  const at = new Path('resources');
  if (resources.length === 0) return [required(at, 'at least one resources is required')];
  const errors = resources.flatMap(({ resources: names, providers }, i) => {
    const path = at.index(i);
    const wrong = namesProblems(names, path.child('resources'));
    if (providers.length === 0) wrong.push(required(path.child('providers'), 'at least one providers is required'));
    return [...wrong, ...providers.flatMap((each, j) => providerProblems(each, path.child('providers').index(j)))];
  });
  return errors.length > 0 ? errors : masked(resources, at);
}

function namesProblems(names: readonly string[], at: Path): FieldError[] {
  if (names.length === 0) return [required(at, 'at least one resources is required')];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    const problem = seen.has(name) ? 'the same resource cannot be specified multiple times' : nameProblem(name);
    if (problem) errors.push(invalid(at.index(i), name, problem));
    seen.add(name);
  }
  for (const [i, name] of names.entries()) {
    if (names.some((other) => other !== name && wildcardsOver(name).includes(other))) {
      const detail = `using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked`;
      errors.push(invalid(at.index(i), name, detail));
    }
  }
  return errors;
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'group resource cannot be empty';
  if (name === '*') return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources";
  if (name !== name.toLowerCase()) return 'resource name should not contain capital letters';
  const { resource, group } = splitResource(name);
  if (resource === '') return 'resource name cannot be empty';
  if (resource !== '*' && group === '*') return 'encrypting the same resource across groups is not supported';
  if (notServed.includes(name)) return 'resources which do not have REST API/s cannot be encrypted';
  if (group === 'extensions') return "'extensions' group has been removed and cannot be used for encryption";
  if (group === 'events.k8s.io') {
    return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file";
  }
  return undefined;
}

function providerProblems(it: Provider, at: Path): FieldError[] {
  const given = providerNames.filter((name) => it[name] !== undefined && it[name] !== null);
  if (given.length === 0) {
    const expected = 'KMS, AESGCM, AESCBC, Secretbox, Identity';
    return [required(at, `provider does not contain any of the expected providers: ${expected}`)];
  }
  if (given.length > 1) {
    const detail = 'more than one provider specified in a single element, should split into different list elements';
    return [invalid(at, given.join(', '), detail)];
  }
  const [name] = given;
  if (name === 'kms')
    return [invalid(at.child('kms'), 'kms', 'plugins for key management are not supported by this server')];
  if (name === undefined || name === 'identity') return [];
  return keysProblems(it[name]!, keyLengths[name], at.child(name).child('keys'));
}

function keysProblems({ keys: list }: Keys, lengths: readonly number[], at: Path): FieldError[] {
  if (list.length === 0) return [required(at, 'at least one keys is required')];
  return list.flatMap(({ name, secret }, i) => {
    const path = at.index(i);
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(path.child('name'), 'key must be provided'));
    if (secret === '') return [...errors, required(path.child('secret'), 'secret must be provided')];
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

/** A rule that an earlier list's wildcard covers would never be used. */
function masked(resources: EncryptionConfiguration['resources'], at: Path): FieldError[] {
  const earlier = new Set<string>();
  return resources.flatMap(({ resources: names }, i) => {
    const errors = names.flatMap((name, j) => {
      const rule = [...wildcardsOver(name), ...(name.startsWith('*') ? [name] : [])].find((each) => earlier.has(each));
      const detail = `resource "${name}" is masked by earlier rule "${rule}"`;
      return rule === undefined ? [] : [invalid(at.index(i).child('resources').index(j), name, detail)];
    });
    for (const name of names) earlier.add(name);
    return errors;
  });
}

/** The wildcards that cover a resource or a wildcard, the nearest first; without itself. */
export function wildcardsOver(name: string): string[] {
  return [`*.${splitResource(name).group}`, everything].filter((each) => each !== name);
}

function splitResource(name: string): { resource: string; group: string } {
  const dot = name.indexOf('.');
  return dot < 0 ? { resource: name, group: '' } : { resource: name.slice(0, dot), group: name.slice(dot + 1) };
}
