/** How a string may be written in YAML, after go-yaml 2's rules. */
export interface ScalarAnalysis {
  readonly multiline: boolean;
  readonly blockPlainAllowed: boolean;
  readonly singleAllowed: boolean;
  readonly blockAllowed: boolean;
}

const firstIndicators = new Set('#,[]{}&*!|>\'"%@`');

/** Looks at each character of a string for what rules out the plain, quoted and literal styles. */
export function analyze(value: string): ScalarAnalysis {
  if (value === '') return { multiline: false, blockPlainAllowed: true, singleAllowed: true, blockAllowed: false };
  const runes = [...value];
  let indicators = value.startsWith('---') || value.startsWith('...');
  let lineBreaks = false;
  let special = false;
  let leadingSpace = false;
  let leadingBreak = false;
  let trailingSpace = false;
  let trailingBreak = false;
  let breakSpace = false;
  let spaceBreak = false;
  let previousSpace = false;
  let previousBreak = false;
  let afterWhite = true;
  for (const [i, c] of runes.entries()) {
    const last = i === runes.length - 1;
    const beforeWhite = last || runes[i + 1] === ' ' || runes[i + 1] === '\t';
    if (i === 0) {
      if (firstIndicators.has(c)) indicators = true;
      else if ((c === '?' || c === ':' || c === '-') && beforeWhite) indicators = true;
    } else if (c === ':' && beforeWhite) indicators = true;
    else if (c === '#' && afterWhite) indicators = true;
    if (!printable(c)) special = true;
    if (c === ' ') {
      if (i === 0) leadingSpace = true;
      if (last) trailingSpace = true;
      if (previousBreak) breakSpace = true;
      previousSpace = true;
      previousBreak = false;
    } else if (isBreak(c)) {
      lineBreaks = true;
      if (i === 0) leadingBreak = true;
      if (last) trailingBreak = true;
      if (previousSpace) spaceBreak = true;
      previousSpace = false;
      previousBreak = true;
    } else {
      previousSpace = false;
      previousBreak = false;
    }
    afterWhite = c === ' ' || c === '\t' || isBreak(c);
  }
  const forbidden = spaceBreak || special;
  const edges = leadingSpace || leadingBreak || trailingSpace || trailingBreak;
  return {
    multiline: lineBreaks,
    blockPlainAllowed: !(edges || breakSpace || forbidden || lineBreaks || indicators),
    singleAllowed: !(breakSpace || forbidden),
    blockAllowed: !(trailingSpace || forbidden),
  };
}

const isBreak = (c: string): boolean => c === '\n' || c === '\r' || c === '\u0085' || c === '\u2028' || c === '\u2029';

function printable(c: string): boolean {
  const code = c.codePointAt(0)!;
  return (
    code === 0x0a ||
    (code >= 0x20 && code <= 0x7e) ||
    (code >= 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd && code !== 0xfeff)
  );
}

const words = new Set(
  [
    'y Y yes Yes YES true True TRUE on On ON n N no No NO false False FALSE off Off OFF',
    // Upstream leaves `<<` plain, which no parser reads back.
    '<< ~ null Null NULL .nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF',
  ]
    .join(' ')
    .split(' '),
);

/** Whether a plain scalar of this text would be read back as a string, and not as a number, time, boolean or null. */
export function isPlainString(text: string): boolean {
  if (text === '' || words.has(text)) return false;
  if (!/^[-+.0-9]/.test(text)) return true;
  if (/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text)) return false;
  if (isTimestamp(text)) return false;
  const plain = text.replaceAll('_', '');
  if (/^[-+]?(0|[1-9][0-9]*|0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+)$/.test(plain))
    return !fits64(plain) && !float.test(plain);
  if (float.test(plain)) return false;
  return true;
}

const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

function fits64(text: string): boolean {
  const unsigned = text.replace(/^[-+]/, '');
  const value = BigInt(/^0[0-7]+$/.test(unsigned) ? `0o${unsigned.slice(1)}` : unsigned.toLowerCase());
  return text.startsWith('-') ? value <= 1n << 63n : value < 1n << 64n;
}

function isTimestamp(text: string): boolean {
  const match =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt]| )(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?)?$/.exec(
      text,
    );
  if (!match) return false;
  const [, , month, day, hour = '0', minute = '0', second = '0'] = match;
  if (text.includes(' ') && /[Zz]$|[+-]\d\d:\d\d$/.test(text.slice(10))) return false;
  return (
    Number(month) >= 1 &&
    Number(month) <= 12 &&
    Number(day) >= 1 &&
    Number(day) <= 31 &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60
  );
}
