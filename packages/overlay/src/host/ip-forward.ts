import { readFileSync, writeFileSync } from 'node:fs';

const setting = '/proc/sys/net/ipv4/ip_forward';

/** Lets the machine pass packets on. Throws with the setting's name when that is not allowed here. */
export function enableForwarding(): void {
  if (readFileSync(setting, 'utf8').trim() === '1') return;
  try {
    writeFileSync(setting, '1');
  } catch (error) {
    throw new Error(`${setting} must be 1 and cannot be set: ${(error as Error).message}`);
  }
}
