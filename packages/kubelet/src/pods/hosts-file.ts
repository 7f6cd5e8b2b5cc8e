import type { Pod } from '@coracle/api/types/core/v1';
import { hostnameOf } from './names.ts';

/** The text of a pod's /etc/hosts. `hostFile` is the node's own, which pods in the host's network extend. */
export function hostsFile(pod: Pod, ips: readonly string[], clusterDomain: string, hostFile: string): string {
  return (pod.spec.hostNetwork ? ofHost(hostFile) : ofPod(pod, ips, clusterDomain)) + aliases(pod);
}

function ofHost(hostFile: string): string {
  return `# Kubernetes-managed hosts file (host network).\n${hostFile}`;
}

function ofPod(pod: Pod, ips: readonly string[], clusterDomain: string): string {
  const hostname = hostnameOf(pod);
  const { subdomain, hostnameOverride } = pod.spec;
  const domain = !hostnameOverride && subdomain ? `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : '';
  const own = ips.map((ip) => (domain ? `${ip}\t${hostname}.${domain}\t${hostname}\n` : `${ip}\t${hostname}\n`));
  return [
    '# Kubernetes-managed hosts file.\n',
    '127.0.0.1\tlocalhost\n',
    '::1\tlocalhost ip6-localhost ip6-loopback\n',
    'fe00::\tip6-localnet\n',
    'fe00::\tip6-mcastprefix\n',
    'fe00::1\tip6-allnodes\n',
    'fe00::2\tip6-allrouters\n',
    ...own,
  ].join('');
}

function aliases(pod: Pod): string {
  const list = pod.spec.hostAliases ?? [];
  if (list.length === 0) return '';
  return `\n# Entries added by HostAliases.\n${list.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`).join('')}`;
}
