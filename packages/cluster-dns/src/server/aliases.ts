import { decode, encode } from 'dns-packet';
import type { UpstreamAnswer } from '../upstream/answer.ts';
import { NoAnswer } from '../upstream/exchange.ts';
import type { Question } from '../upstream/forwarder.ts';
import { headerSize, type Rcode, rcodes } from '../wire/codes.ts';
import { keyOf, type Query } from '../wire/query.ts';
import type { Zone, ZoneAnswer } from '../zone/zone.ts';

/** An alias may lead to another one so often. */
const longestChain = 8;

/** Follows an alias as far as it leads within the cluster. What is left in `alias` is a name outside. */
export function followAlias(zone: Zone, first: ZoneAnswer, type: number): ZoneAnswer {
  let whole = first;
  for (let step = 0; step < longestChain; step++) {
    const owner = whole.alias;
    if (owner === undefined) return whole;
    const next = zone.answer(owner.toLowerCase().split('.'), type);
    if (!next) return whole;
    whole = {
      ...next,
      answers: [
        ...whole.answers,
        ...next.answers.map((each) => ({ owner, ...each, ...(each.owner ? {} : { owner }) })),
      ],
    };
  }
  // It goes round: the aliases are told, and lead nowhere.
  return { ...whole, alias: undefined };
}

/** The question for the name that an alias leads to, and how to read what upstream says about it (which throws NoAnswer). */
export function aliasTarget(
  query: Query,
  alias: string,
): { question: Question; read(answer: UpstreamAnswer): { rcode: Rcode; answers: Buffer[] } } {
  const name = encode({ type: 'query', questions: [{ type: 'A', name: alias }] }).subarray(headerSize, -4);
  const question = Buffer.concat([name, query.question.subarray(-4)]);
  return {
    question: { question, key: keyOf(question), flags: query.flags, edns: query.edns },
    read: ({ bytes, rcode }) => ({
      rcode: rcode === rcodes.NXDOMAIN || rcode === rcodes.NOERROR ? rcode : rcodes.SERVFAIL,
      answers: wholeAnswers(bytes),
    }),
  };
}

/** The answers of a message, written anew: the names in them may point at places of the message they came in. Throws NoAnswer. */
function wholeAnswers(message: Buffer): Buffer[] {
  try {
    const { answers = [] } = decode(message);
    return answers.map((each) => encode({ type: 'response', answers: [each] }).subarray(headerSize));
  } catch (error) {
    // Whatever the library stumbles over is in what came from outside.
    throw new NoAnswer(`the answer cannot be read: ${(error as Error).message}`);
  }
}
