/** The words of the label selector grammar. */
export type Token =
  | 'end'
  | 'error'
  | 'identifier'
  | 'in'
  | 'notin'
  | '('
  | ')'
  | ','
  | '!'
  | '=='
  | '='
  | '!='
  | '>'
  | '<';

export interface Lexeme {
  readonly token: Token;
  readonly text: string;
}

const symbols = new Set<string>(['(', ')', ',', '!', '==', '=', '!=', '>', '<']);
const isSpace = (c: string): boolean => c === ' ' || c === '\t' || c === '\r' || c === '\n';
const isSpecial = (c: string): boolean => c !== '' && '=!(),><'.includes(c);

/** Splits a label selector into words; the last one is `end`. */
export function lex(text: string): Lexeme[] {
  const lexemes: Lexeme[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text[at]!)) at++;
    if (at >= text.length) {
      lexemes.push({ token: 'end', text: '' });
      return lexemes;
    }
    if (isSpecial(text[at]!)) {
      const symbol = longestSymbol(text, at);
      lexemes.push(symbol);
      at += symbol.text.length;
      if (symbol.token === 'error') return lexemes;
      continue;
    }
    const start = at;
    while (at < text.length && !isSpace(text[at]!) && !isSpecial(text[at]!)) at++;
    const word = text.slice(start, at);
    lexemes.push({ token: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
  }
}

/** `==` before `=`; `!=` before `!`. */
function longestSymbol(text: string, at: number): Lexeme {
  const two = text.slice(at, at + 2);
  const symbol = symbols.has(two) ? two : text[at]!;
  return { token: symbol as Token, text: symbol };
}
