import { createHash } from 'node:crypto';

/**
 * The queues of a flow: `handSize` different ones out of `queues`, dealt from a hash of what names the flow, so that few flows share all of theirs with
 * one that asks for much (shuffle sharding, KEP-1040). The same flow always gets the same hand.
 */
export function dealHand(flow: string, queues: number, handSize: number): number[] {
  let entropy = createHash('sha256').update(flow).digest().readBigUInt64LE();
  const hand: number[] = [];
  for (let dealt = 0; dealt < Math.min(handSize, queues); dealt++) {
    const left = BigInt(queues - dealt);
    let card = Number(entropy % left);
    entropy /= left;
    // The card is the n-th of those that are left: it stands further on by each smaller one that is gone.
    for (const gone of [...hand].sort((a, b) => a - b)) if (card >= gone) card++;
    hand.push(card);
  }
  return hand;
}
