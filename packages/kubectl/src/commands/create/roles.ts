import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { type Flag, stringFlag, stringSliceFlag, stringsFlag } from '../../cli/flags.ts';
import { noSuchResource } from '../../resources/mapper.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { createGenerated, generatorFlags, manifestNamespace, nameArgument } from './generator.ts';

const rbac = 'rbac.authorization.k8s.io';

const ruleFlags: readonly Flag[] = [
  stringSliceFlag('resource', [], 'Resource the rule is about: RESOURCE[.GROUP][/SUBRESOURCE]; may be repeated'),
  stringsFlag('resource-name', [], 'Name the rule is limited to; may be repeated'),
  stringSliceFlag('verb', [], 'Verb the rule allows; may be repeated'),
];

export const role: Command = {
  name: 'role',
  short: 'Create a role',
  usage:
    'create role NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none]',
  flags: [...generatorFlags, ...ruleFlags],
  async run(call) {
    const name = nameArgument(call);
    const rules = await resourceRules(call);
    const manifest = {
      kind: 'Role',
      apiVersion: `${rbac}/v1`,
      metadata: { name, ...manifestNamespace(call), creationTimestamp: null },
      rules,
    } as unknown as AnyObject;
    await createGenerated(call, manifest, { group: rbac, namespaced: true });
  },
};

export const clusterRole: Command = {
  name: 'clusterrole',
  short: 'Create a cluster role',
  usage:
    'create clusterrole NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none]',
  flags: [
    ...generatorFlags,
    ...ruleFlags,
    stringFlag('aggregation-rule', '', 'Labels of the cluster roles to gather: KEY=VALUE,…'),
    stringSliceFlag('non-resource-url', [], 'Path the rule is about; may be repeated'),
  ],
  async run(call) {
    const name = nameArgument(call);
    const manifest = {
      kind: 'ClusterRole',
      apiVersion: `${rbac}/v1`,
      metadata: { name, creationTimestamp: null },
      ...(await clusterRules(call)),
    } as unknown as AnyObject;
    await createGenerated(call, manifest, { group: rbac, namespaced: false });
  },
};

async function clusterRules(call: Call): Promise<Record<string, unknown>> {
  const { flags } = call;
  const aggregation = flags.string('aggregation-rule');
  const urls = [...new Set(flags.strings('non-resource-url'))];
  if (aggregation !== '') {
    if (
      flags.strings('verb').length +
        flags.strings('resource').length +
        urls.length +
        flags.strings('resource-name').length >
      0
    ) {
      throw new CommandFailure(
        'aggregation rule must be specified without nonResourceURLs, resources or resourceNames',
      );
    }
    const matchLabels = Object.fromEntries(
      aggregation.split(',').map((pair) => {
        const equals = pair.indexOf('=');
        if (equals < 0)
          throw new CommandFailure(
            `invalid argument ${JSON.stringify(aggregation)} for "--aggregation-rule" flag: ${pair} must be formatted as key=value`,
          );
        return [pair.slice(0, equals), pair.slice(equals + 1)];
      }),
    );
    return { rules: null, aggregationRule: { clusterRoleSelectors: [{ matchLabels }] } };
  }
  const verbs = verbsOf(call);
  const resources = flags.strings('resource').length > 0 ? await resourceRules(call) : [];
  if (resources.length === 0 && urls.length === 0) {
    throw new CommandFailure('one of resource or nonResourceURL must be specified');
  }
  if (urls.length > 0) {
    const unknown = verbs.filter(
      (verb) => !['get', 'post', 'put', 'delete', 'patch', 'head', 'options', '*'].includes(verb),
    );
    if (unknown.length > 0) throw new CommandFailure(`invalid verb: '${unknown[0]}' for nonResourceURL`);
  }
  return { rules: [...resources, ...(urls.length > 0 ? [{ verbs, nonResourceURLs: urls }] : [])] };
}

function verbsOf({ flags }: Call): string[] {
  const verbs = [...new Set(flags.strings('verb'))];
  if (verbs.length === 0) throw new CommandFailure('at least one verb must be specified');
  return verbs.includes('*') ? ['*'] : verbs;
}

/** One rule for each group the resources are in, in the order they were named. */
async function resourceRules(call: Call): Promise<unknown[]> {
  const { flags, session } = call;
  const verbs = verbsOf(call);
  const given = flags.strings('resource');
  if (given.length === 0) throw new CommandFailure('at least one resource must be specified');
  const names = [...new Set(flags.strings('resource-name'))];
  const mapper = await session.mapper();
  const groups = new Map<string, string[]>();
  const found: { group: string; resource: string }[] = [];
  for (const spec of given) {
    const slash = spec.indexOf('/');
    const main = slash < 0 ? spec : spec.slice(0, slash);
    const sub = slash < 0 ? '' : spec.slice(slash + 1);
    if (main === '*' && sub === '' && given.length === 1) {
      found.push({ group: '*', resource: '*' });
      continue;
    }
    if (main === '') throw new CommandFailure(`resource must be specified if apiGroup/subresource specified`);
    const resource = mapper.find(main.toLowerCase());
    if (!resource) throw noSuchResource(main);
    found.push({ group: resource.group, resource: sub === '' ? resource.name : `${resource.name}/${sub}` });
  }
  for (const { group, resource } of found) {
    const resources = groups.get(group) ?? [];
    if (!resources.includes(resource)) resources.push(resource);
    groups.set(group, resources);
  }
  return [...groups].map(([group, resources]) => ({
    verbs,
    apiGroups: [group],
    resources,
    ...(names.length > 0 ? { resourceNames: names } : {}),
  }));
}
