import { encodeJson } from '@coracle/api/codec/json';
import { deepEqual } from '@coracle/api/meta/object';
import type { Toleration } from '@coracle/api/types/core/v1';

/** Both lists, without those that another one covers. Of those that are the same the first stays. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const later = new Tolerations();
  const redundant = new Set<number>();
  for (let i = all.length - 1; i >= 0; i--) {
    const each = all[i]!;
    if (later.coverAsAnother(each)) redundant.add(i);
    later.add(each);
  }
  const kept = new Tolerations();
  return all.filter((each, i) => {
    if (redundant.has(i) || kept.cover(each)) return false;
    kept.add(each);
    return true;
  });
}

/** The tolerations that cover the same, but for how long they do: of those that do so longest, two that are not the same. */
interface Alike {
  longest: Toleration;
  next?: Toleration;
}

/** Tolerations, and what they cover: one that is asked about is compared with few of them, however many there are. */
export class Tolerations {
  readonly #known = new Set<string>();
  readonly #alike = new Map<string, Alike>();

  constructor(them: readonly Toleration[] = []) {
    for (const each of them) this.add(each);
  }

  add(it: Toleration): void {
    this.#known.add(identity(it));
    const place = placeOf(it);
    if (place === undefined) return;
    const alike = this.#alike.get(place);
    if (!alike) this.#alike.set(place, { longest: it });
    else if (deepEqual(it, alike.longest)) return;
    else if (isLonger(it, alike.longest)) this.#alike.set(place, { longest: it, next: alike.longest });
    else if (!alike.next || isLonger(it, alike.next)) alike.next = it;
  }

  /** Whether one of them tolerates all that `narrow` does. */
  cover(narrow: Toleration): boolean {
    return this.#known.has(identity(narrow)) || this.coverAsAnother(narrow);
  }

  /** As `cover`, by one that is not the same. */
  coverAsAnother(narrow: Toleration): boolean {
    for (const place of placesAround(narrow)) {
      const alike = this.#alike.get(place);
      if (!alike) continue;
      const wide = deepEqual(narrow, alike.longest) ? alike.next : alike.longest;
      if (wide && !isLonger(narrow, wide)) return true;
    }
    return false;
  }
}

/** The same for tolerations that say the same. */
const identity = (it: Toleration): string =>
  encodeJson(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** What decides about what a toleration covers, but for how long it does; undefined: it covers only what says the same. */
function placeOf({ key = '', effect = '', operator, value = '' }: Toleration): string | undefined {
  if (operator === 'Exists') return encodeJson([key, effect]);
  return isEqual(operator) && key !== '' ? encodeJson([key, effect, value]) : undefined;
}

/** Where those stand that may cover a toleration. */
function placesAround({ key = '', effect = '', operator, value = '' }: Toleration): string[] {
  const places: string[] = [];
  for (const wideKey of new Set([key, ''])) {
    for (const wideEffect of new Set([effect, ''])) {
      places.push(encodeJson([wideKey, wideEffect]));
      if (isEqual(operator) && wideKey !== '') places.push(encodeJson([wideKey, wideEffect, value]));
    }
  }
  return places;
}

const isEqual = (operator: string | undefined): boolean => (operator || 'Equal') === 'Equal';

/** Whether one that has the effect of `than`, or any effect where that has none, tolerates what is going to end later than that one does. */
function isLonger({ tolerationSeconds: seconds }: Toleration, than: Toleration): boolean {
  if (than.effect !== 'NoExecute' || than.tolerationSeconds === undefined) return false;
  return seconds === undefined || seconds > than.tolerationSeconds;
}
