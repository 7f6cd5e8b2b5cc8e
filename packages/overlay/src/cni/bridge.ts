import { readLinks } from '../host/links.ts';
import { batch } from '../host/run.ts';
import { addressAt, type Range } from '../range.ts';
import { bridge } from './conflist.ts';

/**
 * Removes the pods' bridge when it has an address of another subnet: the plugin would refuse to add pods to it, and pods that are on it
 * have addresses nobody leads here. Returns whether there was one.
 */
export async function removeForeignBridge(subnet: Range): Promise<boolean> {
  const link = (await readLinks()).find((each) => each.name === bridge);
  if (!link || link.addresses.length === 0) return false;
  const gateway = addressAt(subnet, 1);
  if (link.addresses.some((each) => each.address === gateway && each.length === subnet.length)) return false;
  await batch('ip', [`link del dev ${bridge}`]);
  return true;
}
