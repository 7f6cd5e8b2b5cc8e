import { type FieldError, forbidden, type Path } from '@coracle/api/meta/field-path';
import { patternWork } from '@coracle/api/structural/patterns';

/** How much text the expressions of an object may have together, and how much their patterns may repeat; what people write has some hundreds. */
const most = 300_000;

/** Counts the expressions of an object: whoever sends very many, or very long ones, would hold the server for seconds. */
export class Volume {
  #work = 0;

  /** Counts one more; whether there are more than are compiled. */
  isExceededBy(expression: string): boolean {
    this.#work += patternWork(expression);
    return this.#work > most;
  }
}

/** The error of an object, or of the expression that is too much. */
export const tooManyExpressions = (at: Path): FieldError =>
  forbidden(at, 'expressions must not be so many, or so long, together');

/** Why the expressions of an object are more than are compiled. */
export function volumeErrors(expressions: Iterable<string | undefined>, at: Path): FieldError[] {
  const volume = new Volume();
  for (const expression of expressions)
    if (expression && volume.isExceededBy(expression)) return [tooManyExpressions(at)];
  return [];
}
