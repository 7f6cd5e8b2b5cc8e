/**
 * Expands `$(NAME)` in a text; `$$` stands for a single `$`, and a reference nothing defines stays as it is written. This is the
 * syntax of container commands, arguments, environment values and subPathExpr.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter !== '$' || at + 1 === text.length) {
      result += letter;
      continue;
    }
    const next = text[at + 1]!;
    if (next === '$') {
      result += '$';
      at++;
    } else if (next === '(') {
      const end = text.indexOf(')', at + 2);
      if (end < 0) {
        result += '$(';
        at++;
      } else {
        const name = text.slice(at + 2, end);
        result += lookup(name) ?? `$(${name})`;
        at = end;
      }
    } else {
      result += `$${next}`;
      at++;
    }
  }
  return result;
}
