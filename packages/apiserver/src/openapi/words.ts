import { ownWords, wordsOfEveryKind } from './own-words.ts';

/** The description of a generated type (`core/v1.Pod`), or of one of its fields; undefined: there is none. */
export type Words = (type: string, field?: string) => string | undefined;

/** Our own words, and where we have none those of `others`. `isKind`: the type is a kind's. */
export function wordsBefore(others: Words): (type: string, isKind: boolean, field?: string) => string | undefined {
  return (type, isKind, field = '') =>
    ownWords[type]?.[field] ?? (isKind ? wordsOfEveryKind[field] : undefined) ?? others(type, field);
}

/** As `wordsBefore` gives them. */
export type KindWords = ReturnType<typeof wordsBefore>;

/** Our own words alone. */
export const noOthers: KindWords = wordsBefore(() => undefined);
