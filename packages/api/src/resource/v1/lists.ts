import { duplicate, type FieldError, type Path, tooMany } from '../../meta/field-path.ts';

/** Errors of a list that has a limit, and of its items. */
export function validateList<T>(
  list: readonly T[] | undefined,
  most: number,
  at: Path,
  item: (each: T, at: Path) => FieldError[],
): FieldError[] {
  const items = list ?? [];
  const errors = items.flatMap((each, i) => item(each, at.index(i)));
  return items.length > most ? [tooMany(at, items.length, most), ...errors] : errors;
}

/** As `validateList`, where no two items have the same key; `field` is where an item has it. */
export function validateSet<T>(
  list: readonly T[] | undefined,
  most: number,
  at: Path,
  item: (each: T, at: Path) => FieldError[],
  keyOf: (each: T) => string,
  field?: string,
): FieldError[] {
  const seen = new Set<string>();
  return validateList(list, most, at, (each, path) => {
    const key = keyOf(each);
    const errors = item(each, path);
    if (seen.has(key)) errors.push(duplicate(field === undefined ? path : path.child(field), key));
    seen.add(key);
    return errors;
  });
}
