import { duplicate, type FieldError, type Path, tooMany } from '../../meta/field-path.ts';

type Check<T> = (each: T, at: Path) => FieldError[];

/** Errors of a list that has a limit, and of its items; of one that is too long nothing else is said. */
export function validateList<T>(list: readonly T[] | undefined, most: number, at: Path, item: Check<T>): FieldError[] {
  const items = list ?? [];
  if (items.length > most) return [tooMany(at, items.length, most)];
  return items.flatMap((each, i) => item(each, at.index(i)));
}

/** As `validateList`, where no two items have the same key. */
export function validateSet<T>(
  list: readonly T[] | undefined,
  most: number,
  at: Path,
  item: Check<T>,
  keyOf: (each: T) => string,
): FieldError[] {
  const errors = validateList(list, most, at, item);
  return (list ?? []).length > most ? errors : [...errors, ...duplicates((list ?? []).map(keyOf), at)];
}

/** Errors of items that are there twice. */
export function duplicates(keys: readonly string[], at: Path): FieldError[] {
  const seen = new Set<string>();
  return keys.flatMap((key, i) => {
    if (seen.has(key)) return [duplicate(at.index(i), key)];
    seen.add(key);
    return [];
  });
}
