import { clusterInfo, clusterInfoKubeconfigKey } from '@coracle/api/bootstrap/cluster-info';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { configMap } from '@coracle/api/core/v1/configmap';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { service } from '@coracle/api/core/v1/service';
import { keyOf } from '@coracle/api/meta/object';
import { isNotFound } from '@coracle/api/meta/status';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { Node } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import { parseKubeconfig } from '@coracle/client/kubeconfig';
import type { RequestFacts } from '@coracle/process/pki/request';
import { defineController, mapped, NotYet, own } from '../../controller.ts';
import { approve, isDecided, requestPem } from './conditions.ts';
import { objection, signers } from './recognition.ts';

/**
 * Approves kubelets' requests for serving certificates (`serverTLSBootstrap`) that ask for what their Node reports and nothing else. Upstream
 * leaves these to whoever runs the cluster, since nodes report their own addresses; so an address or name that another node has, or that the API
 * is known by, is not approved here either, and waits for a person.
 */
export const servingApprovingController = defineController({
  name: 'kubelet-serving-certificate-approving-controller',
  serviceAccount: 'kubelet-serving-approver',
  offByDefault: true,
  workers: () => 1,
  watches: [
    own(certificateSigningRequest),
    mapped(nodeKind, ({ metadata }, _, { listers }) =>
      listers
        .list(certificateSigningRequest)
        .filter((it) => it.spec.username === `system:node:${metadata.name}` && !isDecided(it))
        .map(keyOf),
    ),
  ],

  async reconcile(key, { client, listers, log }) {
    const it = listers.get(certificateSigningRequest, key);
    if (!it || it.status?.certificate || isDecided(it) || it.spec.signerName !== signers.kubeletServing) return;
    const { parseRequest } = await import('@coracle/process/pki/request');
    const facts = parseRequest(requestPem(it));
    const never = objection(it.spec, facts) ?? requestorObjection(it, facts);
    if (never !== undefined) {
      log.info({ csr: key, reason: never }, 'Not approving the request for a serving certificate');
      return;
    }
    const problem = addressObjection(facts, listers.list(nodeKind), await namesOfApi(client));
    // The Node may not have been seen yet, and may report the address later.
    if (problem !== undefined) throw new NotYet(`csr ${JSON.stringify(key)} is not approved: ${problem}`);
    await approve(client, it, 'Auto approving kubelet serving certificate: it is for the addresses of its Node.');
  },
});

/** A node asks for itself alone. */
function requestorObjection({ spec }: CertificateSigningRequest, { commonName }: RequestFacts): string | undefined {
  if (!spec.groups?.includes('system:nodes')) return 'the requestor is not in the group system:nodes';
  return spec.username === commonName ? undefined : `the requestor ${spec.username} asks for ${commonName}`;
}

/** `kubernetes`, `web.default.svc`, `web.default.svc.cluster.local` … */
const ofServices = /^(localhost|kubernetes(\.default)?|.+\.svc(\..+)?)$/;

const addressesOf = (node: Node): string[] => node.status?.addresses?.map((it) => it.address) ?? [];

/** Why a request, made by the node itself, may not have its names and addresses; undefined where it may. `taken` are those of the API. */
export function addressObjection(
  { commonName, dnsNames, ipAddresses }: Pick<RequestFacts, 'commonName' | 'dnsNames' | 'ipAddresses'>,
  nodes: readonly Node[],
  taken: readonly string[],
): string | undefined {
  const name = commonName.slice('system:node:'.length);
  const own = nodes.find((it) => it.metadata.name === name);
  if (!own) return `there is no node ${JSON.stringify(name)}`;
  const reported = new Set(addressesOf(own));
  const others = new Set(nodes.filter((it) => it !== own).flatMap((it) => [it.metadata.name!, ...addressesOf(it)]));
  for (const each of [...dnsNames, ...ipAddresses]) {
    if (!reported.has(each)) return `the node does not report ${each} as an address of its own`;
    if (others.has(each)) return `another node has ${each}`;
    if (taken.includes(each)) return `the API is known by ${each}`;
  }
  // Whoever may name a node may choose its name: as a name of the network it could be somebody else's.
  const foreign = dnsNames.find((each) => each !== name);
  if (foreign !== undefined) return `${foreign} is not the name of the node`;
  const service = dnsNames.find((each) => ofServices.test(each));
  return service === undefined ? undefined : `${service} is a name of Services, or of every machine`;
}

/** The addresses and names by which clients reach the API, as far as the API knows. */
async function namesOfApi(client: Client): Promise<string[]> {
  const found = await Promise.all([
    client.get(service, 'kubernetes', 'default').then(({ spec }) => spec?.clusterIPs ?? [], orNothing),
    client.get(configMap, clusterInfo.name, clusterInfo.namespace).then(({ data }) => serversIn(data), orNothing),
  ]);
  return found.flat();
}

function orNothing(error: unknown): string[] {
  if (isNotFound(error)) return [];
  throw error;
}

function serversIn(data: Readonly<Record<string, string>> = {}): string[] {
  const text = data[clusterInfoKubeconfigKey];
  if (text === undefined) return [];
  return (parseKubeconfig(text, clusterInfo.name).clusters ?? []).flatMap(({ cluster: { server } }) =>
    server ? [new URL(server).hostname.replace(/^\[|\]$/g, '')] : [],
  );
}
