/** One condition of a field selector. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A question to an object's fields: all requirements must hold. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
  /** `get` gives a field's value; undefined counts as the empty string. */
  matches(get: (field: string) => string | undefined): boolean;
  /** Without requirements, so that everything matches. */
  readonly empty: boolean;
  /** The text that parses to the same selector. */
  toString(): string;
}

/** A field selector of given requirements. */
export function fieldSelectorOf(requirements: readonly FieldRequirement[]): FieldSelector {
  return {
    requirements,
    empty: requirements.length === 0,
    matches: (get) =>
      requirements.every(({ field, operator, value }) => ((get(field) ?? '') === value) === (operator === '=')),
    toString: () =>
      requirements.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(','),
  };
}

/** A value as a field selector's text carries it. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}

/** Parses `metadata.name=web,status.phase!=Running`; throws with upstream's text. An empty text selects everything. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const part of splitTerms(text).sort()) {
    if (part === '') continue;
    const term = splitTerm(part);
    if (!term) throw new Error(`invalid selector: '${text}'; can't understand '${part}'`);
    const value = unescapeValue(term.value);
    requirements.push({ field: term.field, operator: term.operator === '!=' ? '!=' : '=', value });
  }
  return fieldSelectorOf(requirements);
}

/** Splits at commas that no backslash escapes. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...terms, text.slice(start)];
}

/** Splits at the first operator. */
function splitTerm(term: string): { field: string; operator: string; value: string } | undefined {
  for (let i = 0; i < term.length; i++) {
    for (const operator of ['!=', '==', '=']) {
      if (term.startsWith(operator, i))
        return { field: term.slice(0, i), operator, value: term.slice(i + operator.length) };
    }
  }
  return undefined;
}

function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\') {
      const next = text[++i] ?? '';
      if (next === '' || !'\\,='.includes(next)) {
        throw new Error(`invalid field selector: invalid escape sequence: \\${next}`);
      }
      out += next;
    } else if (c === ',' || c === '=') {
      // Upstream tells the character by its number.
      throw new Error(`invalid field selector: unescaped character in value: ${c.charCodeAt(0)}`);
    } else {
      out += c;
    }
  }
  return out;
}
