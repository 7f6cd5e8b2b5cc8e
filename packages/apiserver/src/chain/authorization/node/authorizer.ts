import type { Referenced } from '@coracle/api/core/v1/pod-references';
import { nodeOf, nodesGroup } from '../../user.ts';
import { type Decision, type LocalAuthorizer, noOpinion, type ResourceAttributes } from '../authorizer.ts';
import { nodeRules } from '../rbac/policy/cluster-roles.ts';
import { allows } from '../rbac/rules.ts';
import type { Connected, NodeGraph } from './graph.ts';

const allow: Decision = { decision: 'allow', reason: '' };
const refuse = (reason: string): Decision => ({ decision: 'noOpinion', reason });

type Rule = (node: string, attributes: ResourceAttributes, graph: NodeGraph) => Decision;

/**
 * `--authorization-mode=Node`: a node may read what the pods bound to it need, and write its own Node, Lease and CSINode; all else is
 * RBAC's (https://kubernetes.io/docs/reference/access-authn-authz/node/). NodeRestriction limits what it may write in them.
 */
export function nodeAuthorizer(graph: NodeGraph): LocalAuthorizer {
  return {
    authorize(attributes) {
      const node = nodeOf(attributes.user);
      if (node === undefined) return noOpinion;
      if (node === '') return refuse(`unknown node for user "${attributes.user.name}"`);
      if (attributes.path === undefined) {
        const rule =
          rules[attributes.group === '' ? attributes.resource : `${attributes.resource}.${attributes.group}`];
        if (rule) return rule(node, attributes, graph);
      }
      return nodeRules.some((rule) => allows(rule, attributes)) ? allow : noOpinion;
    },
    rulesFor: (user) => ({
      resourceRules: [],
      nonResourceRules: [],
      incomplete: user.groups.includes(nodesGroup),
      ...(user.groups.includes(nodesGroup) ? { error: 'node authorizer does not support user rule resolution' } : {}),
    }),
  };
}

const rules: Readonly<Record<string, Rule>> = {
  secrets: readOf('secret'),
  configmaps: readOf('configmap'),
  persistentvolumeclaims: (node, attributes, graph) =>
    attributes.subresource === 'status'
      ? statusOf(node, attributes, graph)
      : get('persistentvolumeclaim', node, attributes, graph),
  persistentvolumes: (node, attributes, graph) => get('persistentvolume', node, attributes, graph),
  'volumeattachments.storage.k8s.io': (node, attributes, graph) => get('volumeattachment', node, attributes, graph),
  serviceaccounts: (node, attributes, graph) =>
    attributes.subresource === '' && attributes.verb === 'get'
      ? get('serviceaccount', node, attributes, graph)
      : createToken(node, attributes, graph),
  'resourceclaims.resource.k8s.io': (node, attributes, graph) => get('resourceclaim', node, attributes, graph),
  'resourceslices.resource.k8s.io': ownSlices,
  'leases.coordination.k8s.io': lease,
  'csinodes.storage.k8s.io': csiNode,
  nodes: ownNode,
  pods: ownPods,
};

function related(kind: Connected, node: string, { namespace, name }: ResourceAttributes, graph: NodeGraph): Decision {
  if (name === '') return refuse('No Object name found');
  if (graph.connects(node, kind, namespace, name)) return allow;
  return refuse(`no relationship found between node '${node}' and this object`);
}

function readOf(kind: Referenced): Rule {
  return (node, attributes, graph) => {
    if (!['get', 'list', 'watch'].includes(attributes.verb)) return refuse('can only read resources of this type');
    if (attributes.subresource !== '') return refuse('cannot read subresource');
    if (attributes.namespace === '') return refuse('can only read namespaced object of this type');
    return related(kind, node, attributes, graph);
  };
}

function get(kind: Connected, node: string, attributes: ResourceAttributes, graph: NodeGraph): Decision {
  if (attributes.verb !== 'get') return refuse('can only get individual resources of this type');
  if (attributes.subresource !== '') return refuse('cannot get subresource');
  return related(kind, node, attributes, graph);
}

function statusOf(node: string, attributes: ResourceAttributes, graph: NodeGraph): Decision {
  const writes = attributes.verb === 'update' || attributes.verb === 'patch';
  return writes
    ? related('persistentvolumeclaim', node, attributes, graph)
    : refuse('can only get/update/patch this type');
}

function createToken(node: string, attributes: ResourceAttributes, graph: NodeGraph): Decision {
  if (attributes.verb !== 'create' || attributes.name === '') {
    return refuse('can only create tokens for individual service accounts');
  }
  if (attributes.subresource !== 'token') return refuse('can only create token subresource of serviceaccount');
  return related('serviceaccount', node, attributes, graph);
}

function lease(node: string, { verb, namespace, name }: ResourceAttributes): Decision {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return refuse('can only get, create, update, patch, or delete a node lease');
  }
  if (namespace !== 'kube-node-lease')
    return refuse('can only access leases in the "kube-node-lease" system namespace');
  if (verb !== 'create' && name !== node)
    return refuse('can only access node lease with the same name as the requesting node');
  return allow;
}

function csiNode(node: string, { verb, subresource, name }: ResourceAttributes): Decision {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return refuse('can only get, create, update, patch, or delete a CSINode');
  }
  if (subresource !== '') return refuse('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node)
    return refuse('can only access CSINode with the same name as the requesting node');
  return allow;
}

function ownNode(node: string, { verb, subresource, name }: ResourceAttributes): Decision {
  const writes = verb === 'update' || verb === 'patch';
  if (subresource === 'status') return writes ? allow : noOpinion;
  if (subresource !== '') return noOpinion;
  // Whether it is its own Node is admission's to check. Reads go by the name alone: a node asks for itself before it registers.
  if (writes || verb === 'create') return allow;
  if (!['get', 'list', 'watch'].includes(verb)) return noOpinion;
  if (name === node) return allow;
  const what = name === '' ? 'all nodes' : `'${name}'`;
  return refuse(`node '${node}' cannot read ${what}, only its own Node object`);
}

function ownSlices(node: string, attributes: ResourceAttributes, graph: NodeGraph): Decision {
  const { verb, subresource } = attributes;
  if (subresource !== '') return refuse('cannot authorize ResourceSlice subresources');
  switch (verb) {
    case 'create':
      return allow; // admission checks that it is of the node
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return related('resourceslice', node, attributes, graph);
    case 'list':
    case 'watch':
    case 'deletecollection':
      if (selectsOwn(node, attributes)) return allow;
      return refuse('can only list/watch/deletecollection resourceslices with spec.nodeName field selector');
    default:
      return refuse(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      );
  }
}

function selectsOwn(node: string, { fieldSelector }: ResourceAttributes): boolean {
  return (fieldSelector ?? []).some(
    ({ field, operator, value }) => field === 'spec.nodeName' && operator === '=' && value === node,
  );
}

function ownPods(node: string, attributes: ResourceAttributes, graph: NodeGraph): Decision {
  const { verb, subresource } = attributes;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : noOpinion;
  if (subresource === 'eviction') return verb === 'create' ? allow : noOpinion;
  if (subresource !== '') return noOpinion;
  if (verb === 'get') return get('pod', node, attributes, graph);
  // Mirror pods; admission checks that they are, and the node's own.
  if (verb === 'create' || verb === 'delete') return allow;
  if (verb !== 'list' && verb !== 'watch') return noOpinion;
  if (selectsOwn(node, attributes)) return allow;
  // A list or watch of one pod names it.
  if (attributes.name !== '') return related('pod', node, attributes, graph);
  return refuse('can only list/watch pods with spec.nodeName field selector');
}
