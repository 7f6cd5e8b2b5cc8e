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

/**
 * The name by which expressions read a field (`a-b` as `a__dash__b`, `for` as `__for__`); undefined where no name can
 * (https://kubernetes.io/docs/reference/using-api/cel/#escaping). Names that need no escape are their own.
 */
export function escapeField(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_][A-Za-z0-9_\-./]*$/.test(name)) return undefined;
  return name.replace(/__|[.\-/]/g, (found) => symbols[found]!);
}
