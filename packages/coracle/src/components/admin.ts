import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adminKubeconfig, adminServer, type Cluster, pkiFolder } from '../cluster/cluster.ts';
import { kubeconfig } from './kubeconfig.ts';

/** Writes the administrator's kubeconfig, readable by its owner alone. */
export function writeKubeconfig(cluster: Cluster): void {
  const read = (file: string) => readFileSync(join(pkiFolder(cluster), file), 'utf8');
  const text = kubeconfig({
    cluster: cluster.name,
    server: adminServer(cluster),
    user: 'kubernetes-admin',
    authority: read('ca.crt'),
    certificate: read('admin.crt'),
    key: read('admin.key'),
  });
  writeFileSync(adminKubeconfig(cluster), text, { mode: 0o600 });
}
