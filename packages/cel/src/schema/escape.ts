const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const symbols: Readonly<Record<string, string>> = {
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
  __: '__underscores__',
};

const names = Object.fromEntries(Object.entries(symbols).map(([symbol, name]) => [name, symbol]));

/**
 * The name by which expressions read a field (`a-b` as `a__dash__b`, `for` as `__for__`); undefined where no name can
 * (https://kubernetes.io/docs/reference/using-api/cel/#escaping). Names that need no escape are their own.
 */
export function escapeField(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_][A-Za-z0-9_\-./]*$/.test(name)) return undefined;
  return name.replace(/__|[.\-/]/g, (found) => symbols[found]!);
}

/** The name of the field that an expression calls so: what `escapeField` made of it. */
export function unescapeField(escaped: string): string {
  const [, word] = /^__([a-z]+)__$/.exec(escaped) ?? [];
  if (word !== undefined && reserved.has(word)) return word;
  return escaped.replace(/__(dot|dash|slash|underscores)__/g, (found) => names[found]!);
}
