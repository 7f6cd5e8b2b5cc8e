/** The text of a kubeconfig for a user with a client certificate. Certificates and key are PEM. */
export function kubeconfig(wishes: {
  cluster: string;
  server: string;
  user: string;
  authority: string;
  certificate: string;
  key: string;
}): string {
  const context = `${wishes.user}@${wishes.cluster}`;
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return `apiVersion: v1
kind: Config
clusters:
- name: ${wishes.cluster}
  cluster:
    server: ${wishes.server}
    certificate-authority-data: ${base64(wishes.authority)}
users:
- name: ${wishes.user}
  user:
    client-certificate-data: ${base64(wishes.certificate)}
    client-key-data: ${base64(wishes.key)}
contexts:
- name: ${context}
  context:
    cluster: ${wishes.cluster}
    user: ${wishes.user}
current-context: ${context}
`;
}
