/** What a kubeconfig's user shows; certificate and key are PEM. */
type Credential = { certificate: string; key: string } | { token: string };

/** The text of a kubeconfig for a user with a client certificate or a token. The authority is PEM; a server of plain HTTP has none. */
export function kubeconfig(
  wishes: { cluster: string; server: string; user: string; authority?: string } & Credential,
): string {
  const context = `${wishes.user}@${wishes.cluster}`;
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const credential =
    'token' in wishes
      ? `token: ${wishes.token}`
      : `client-certificate-data: ${base64(wishes.certificate)}
    client-key-data: ${base64(wishes.key)}`;
  return `apiVersion: v1
kind: Config
clusters:
- name: ${wishes.cluster}
  cluster:
    server: ${wishes.server}${wishes.authority ? `\n    certificate-authority-data: ${base64(wishes.authority)}` : ''}
users:
- name: ${wishes.user}
  user:
    ${credential}
contexts:
- name: ${context}
  context:
    cluster: ${wishes.cluster}
    user: ${wishes.user}
current-context: ${context}
`;
}
