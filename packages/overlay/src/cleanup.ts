import { isOurDevice } from './backend/vxlan-device.ts';
import { removeConflist } from './cni/conflist.ts';
import { readRoutes } from './host/forwarding.ts';
import { readLinks } from './host/links.ts';
import { loopbackChanges } from './host/loopback.ts';
import { setMasquerading } from './host/masquerade.ts';
import { batch } from './host/run.ts';
import { removeSubnetFile } from './subnet-file.ts';

/** Removes what the overlay made on this machine: files first, so that no pod starts, then routes, devices and rules. */
export async function cleanUp({ cniConfFile, subnetFile }: { cniConfFile: string; subnetFile: string }): Promise<void> {
  removeConflist(cniConfFile);
  if (subnetFile !== '') removeSubnetFile(subnetFile);
  const links = await readLinks();
  const routes = [...(await readRoutes())].filter(
    ([, { dev }]) => !links.some((it) => it.name === dev && isOurDevice(it)),
  );
  await batch('ip', [
    ...routes.map(([subnet, { via, dev }]) => `route del ${subnet} via ${via} dev ${dev}`),
    ...links.filter(isOurDevice).map((each) => `link del dev ${each.name}`), // and its routes
    ...loopbackChanges(links, undefined),
  ]);
  await setMasquerading(undefined);
}
