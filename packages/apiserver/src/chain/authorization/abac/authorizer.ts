import type { User } from '../../user.ts';
import type { Attributes, LocalAuthorizer } from '../authorizer.ts';
import type { AbacPolicy } from './policy-file.ts';

const readVerbs = ['get', 'list', 'watch'];

/**
 * `--authorization-mode=ABAC`: allows what a line of the policy file allows; never denies
 * (https://kubernetes.io/docs/reference/access-authn-authz/abac/). Subresources count as their resource.
 */
export function abacAuthorizer(policies: readonly AbacPolicy[]): LocalAuthorizer {
  return {
    authorize(attributes) {
      return policies.some((policy) => isAbout(policy, attributes.user) && allows(policy, attributes))
        ? { decision: 'allow', reason: '' }
        : { decision: 'noOpinion', reason: 'No policy matched.' };
    },
    rulesFor(user, namespace) {
      const relevant = policies.filter(
        (policy) => isAbout(policy, user) && (policy.namespace === '*' || policy.namespace === namespace),
      );
      const verbsOf = ({ readonly }: AbacPolicy) => (readonly ? [...readVerbs] : ['*']);
      return {
        resourceRules: relevant
          .filter(({ resource }) => resource !== '')
          .map((policy) => ({ verbs: verbsOf(policy), apiGroups: [policy.apiGroup], resources: [policy.resource] })),
        nonResourceRules: relevant
          .filter(({ nonResourcePath }) => nonResourcePath !== '')
          .map((policy) => ({ verbs: verbsOf(policy), nonResourceURLs: [policy.nonResourcePath] })),
        incomplete: false,
      };
    },
  };
}

/** A policy that names both a user and a group is about that user in that group; one that names neither, about nobody. */
function isAbout({ user, group }: AbacPolicy, { name, groups }: User): boolean {
  if (user === '' && group === '') return false;
  return (user === '' || user === name) && (group === '' || groups.includes(group));
}

function allows(policy: AbacPolicy, attributes: Attributes): boolean {
  if (policy.readonly && !readVerbs.includes(attributes.verb)) return false;
  if (attributes.path !== undefined) return matchesPath(policy.nonResourcePath, attributes.path);
  const matches = (wanted: string, is: string) => wanted === '*' || wanted === is;
  return (
    matches(policy.namespace, attributes.namespace) &&
    matches(policy.resource, attributes.resource) &&
    matches(policy.apiGroup, attributes.group)
  );
}

/** `*` at the end stands for whatever follows. */
function matchesPath(wanted: string, path: string): boolean {
  return wanted.endsWith('*') ? path.startsWith(wanted.replace(/\*+$/, '')) : wanted === path;
}
