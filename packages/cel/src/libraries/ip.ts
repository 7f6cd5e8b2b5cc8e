import { reading, traversal } from '../cost/factors.ts';
import { scale } from '../cost/range.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { type Library, type Overload, overload } from '../functions/overload.ts';
import { type Address, readAddress } from './ip-address.ts';

const parsing = (times = 1): Pick<Overload, 'cost' | 'estimate'> => ({
  cost: ([text]) => reading(text!, times),
  estimate: ([text]) => ({ cost: scale(text!.size, times * traversal) }),
});

/** IP addresses (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-ip-address-library). */
export const ip: Library = {
  ip: [overload('string_to_ip', '(string) net.IP', readAddress, parsing())],
  isIP: [overload('is_ip', '(string) bool', (text: string) => succeeds(() => readAddress(text)), parsing())],
  'ip.isCanonical': [
    overload('ip_is_canonical', '(string) bool', (text: string) => readAddress(text).toString() === text, parsing(2)),
  ],
  string: [overload('ip_to_string', '(net.IP) string', String)],
  family: [overload('ip_family', 'net.IP.() int', ({ bits }: Address) => (bits === 32 ? 4n : 6n))],
  isUnspecified: [overload('ip_is_unspecified', 'net.IP.() bool', ({ number }: Address) => number === 0n)],
  isLoopback: [
    overload('ip_is_loopback', 'net.IP.() bool', ({ number, bits }: Address) =>
      bits === 32 ? number >> 24n === 127n : number === 1n,
    ),
  ],
  isLinkLocalMulticast: [
    overload('ip_is_link_local_multicast', 'net.IP.() bool', ({ number, bits }: Address) =>
      bits === 32 ? number >> 8n === 0xe00000n : ((number >> 112n) & 0xff0fn) === 0xff02n,
    ),
  ],
  isLinkLocalUnicast: [
    overload('ip_is_link_local_unicast', 'net.IP.() bool', ({ number, bits }: Address) =>
      bits === 32 ? number >> 16n === 0xa9fen : number >> 118n === 0x3fan,
    ),
  ],
  isGlobalUnicast: [overload('ip_is_global_unicast', 'net.IP.() bool', isGlobalUnicast)],
};

/** Neither the null address, nor loopback, link-local, multicast or broadcast. */
function isGlobalUnicast({ number, bits }: Address): boolean {
  if (bits === 32) {
    const first = number >> 24n;
    return (
      number !== 0n && number !== 0xffffffffn && first !== 127n && first >> 4n !== 0xen && number >> 16n !== 0xa9fen
    );
  }
  return number > 1n && number >> 120n !== 0xffn && number >> 118n !== 0x3fan;
}

/** Whether something can be read at all. */
export function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof EvaluationError) return false;
    throw error;
  }
}

/** Reading a string once, whether it is counted or estimated. */
export const readingEstimate: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([text]) => reading(text!),
  estimate: ([text]) => ({ cost: scale(text!.size, traversal) }),
};
