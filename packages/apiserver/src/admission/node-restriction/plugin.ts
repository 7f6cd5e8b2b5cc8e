import { messageOf } from '@coracle/api/meta/message-of';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { ResourceSlice } from '@coracle/api/types/resource/v1';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
import { nodeOf, nodesGroup } from '../../chain/user.ts';
import type { AdmissionPlugin, Attributes } from '../plugin.ts';
import { refused } from '../refusal.ts';
import { admitClaim } from './claim.ts';
import { admitNode } from './node.ts';
import { admitPod } from './pod.ts';
import { admitTokenRequest } from './token-request.ts';

type Rule = (attributes: Attributes, node: string, authorizer: Authorizer) => Promise<void> | void;

/**
 * NodeRestriction: what a node may write of the objects the node authorizer lets it write: its own Node without its taints and
 * protected labels, mirror pods and the status of its own pods, tokens for its own pods
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction).
 */
export function nodeRestriction(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    async mutate(attributes) {
      const { user, group, resource, operation } = attributes;
      if (operation === 'CONNECT' || !user.groups.includes(nodesGroup)) return;
      const node = nodeOf(user);
      if (node === undefined) return;
      if (node === '') throw refused(attributes, `could not determine node from user ${JSON.stringify(user.name)}`);
      await rules[group === '' ? resource : `${resource}.${group}`]?.(attributes, node, authorizer);
    },
  };
}

const rules: Readonly<Record<string, Rule>> = {
  pods: admitPod,
  nodes: admitNode,
  persistentvolumeclaims: admitClaim,
  serviceaccounts: admitTokenRequest,
  'leases.coordination.k8s.io'(attributes, node) {
    if (attributes.namespace !== 'kube-node-lease') {
      throw refused(attributes, 'can only access leases in the "kube-node-lease" system namespace');
    }
    mustBeNamed(attributes, node, 'can only access node lease with the same name as the requesting node');
  },
  'csinodes.storage.k8s.io'(attributes, node) {
    mustBeNamed(attributes, node, 'can only access CSINode with the same name as the requesting node');
  },
  'resourceslices.resource.k8s.io': admitSlice,
  'certificatesigningrequests.certificates.k8s.io': admitCertificateRequest,
};

function mustBeNamed(attributes: Attributes, node: string, otherwise: string): void {
  const name = attributes.operation === 'CREATE' ? attributes.object?.metadata.name : attributes.name;
  if (name !== node) throw refused(attributes, otherwise);
}

/** A node offers its own devices. What else it does with slices, the node authorizer has looked at. */
function admitSlice(attributes: Attributes, node: string): void {
  const { operation, object, oldObject } = attributes;
  const slice = (operation === 'CREATE' ? object : oldObject) as ResourceSlice | undefined;
  if ((operation !== 'CREATE' && operation !== 'DELETE') || slice?.spec.nodeName === node) return;
  const verb = operation === 'CREATE' ? 'create' : 'delete';
  throw refused(attributes, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
}

const nodeSigners = ['kubernetes.io/kube-apiserver-client-kubelet', 'kubernetes.io/kubelet-serving'];

/** A node asks for certificates in its own name only. */
async function admitCertificateRequest(attributes: Attributes, node: string): Promise<void> {
  if (attributes.operation !== 'CREATE' || attributes.subresource !== '') return;
  const { spec } = attributes.object as CertificateSigningRequest;
  if (!nodeSigners.includes(spec.signerName)) return;
  const { parseRequest } = await import('@coracle/process/pki');
  let commonName: string;
  try {
    commonName = parseRequest(Buffer.from(spec.request, 'base64').toString('latin1')).commonName;
  } catch (error) {
    throw refused(attributes, `unable to parse csr: ${messageOf(error)}`);
  }
  if (commonName !== `system:node:${node}`) {
    throw refused(attributes, `can only create a node CSR with CN=system:node:${node}`);
  }
}
