import type { BootstrapToken } from '@coracle/api/bootstrap/token';
import type { ClusterAccess } from './discovery.ts';

/**
 * The text of a kubelet's `--bootstrap-kubeconfig`: a cluster that was discovered, and the token to get the first client certificate with.
 * It is a secret as long as the token is good.
 */
export function bootstrapKubeconfig({ server, authority }: ClusterAccess, token: BootstrapToken): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: default-cluster
  cluster:
    server: ${server}
    certificate-authority-data: ${Buffer.from(authority).toString('base64')}
users:
- name: tls-bootstrap-token-user
  user:
    token: ${token.id}.${token.secret}
contexts:
- name: tls-bootstrap-token-user@default-cluster
  context:
    cluster: default-cluster
    user: tls-bootstrap-token-user
current-context: tls-bootstrap-token-user@default-cluster
`;
}
