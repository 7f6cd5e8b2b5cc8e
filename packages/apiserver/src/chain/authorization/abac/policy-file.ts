import { readFileSync } from 'node:fs';
import { decodeJson } from '@coracle/api/codec/json';
import { UsageError } from '@coracle/process/program';
import { z } from 'zod';
import { authenticatedGroup } from '../../user.ts';

/** What one line of a policy file allows, and whom. Empty fields match nothing, `*` everything. */
export interface AbacPolicy {
  readonly user: string;
  readonly group: string;
  readonly readonly: boolean;
  readonly apiGroup: string;
  readonly namespace: string;
  readonly resource: string;
  readonly nonResourcePath: string;
}

const text = z.string().default('');
const subject = { user: text, group: text, readonly: z.boolean().default(false), namespace: text, resource: text };

const versioned = z.strictObject({
  apiVersion: z.literal('abac.authorization.kubernetes.io/v1beta1'),
  kind: z.literal('Policy'),
  spec: z.strictObject({ ...subject, apiGroup: text, nonResourcePath: text }),
});

/** The form of before there were versions: what it leaves open is allowed. */
const unversioned = z.strictObject({ ...subject, kind: text, apiVersion: text });

/**
 * Reads `--authorization-policy-file`: a policy a line, in JSON; empty lines and those that begin with `#` are passed over
 * (https://kubernetes.io/docs/reference/access-authn-authz/abac/). Throws UsageError that names file, line and what is wrong.
 */
export function readPolicyFile(path: string): readonly AbacPolicy[] {
  let lines: string[];
  try {
    lines = readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    throw new UsageError(`error reading policy file ${path}: ${(error as Error).message}`);
  }
  return lines.flatMap((line, i) => {
    const policy = line.trim();
    if (policy === '' || policy.startsWith('#')) return [];
    try {
      return [policyIn(policy)];
    } catch (error) {
      const why = error instanceof z.ZodError ? problemsOf(error) : (error as Error).message;
      throw new UsageError(`error reading policy file ${path}, line ${i}: ${line}: ${why}`);
    }
  });
}

function policyIn(line: string): AbacPolicy {
  const value = decodeJson(Buffer.from(line)).value as { apiVersion?: unknown };
  if (value?.apiVersion !== undefined) {
    const { spec } = versioned.parse(value);
    const isEverybody = spec.user === '*' || spec.group === '*';
    return isEverybody ? { ...spec, user: '', group: authenticatedGroup } : spec;
  }
  const { user, group, readonly, namespace, resource } = unversioned.parse(value);
  const isEverybody = user === '*' || group === '*' || (user === '' && group === '');
  return {
    user: isEverybody ? '' : user,
    group: isEverybody ? authenticatedGroup : group,
    readonly,
    apiGroup: '*',
    namespace: namespace || '*',
    resource: resource || '*',
    nonResourcePath: namespace === '' && resource === '' ? '*' : '',
  };
}

function problemsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join(', ');
}
