const trueWords = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const falseWords = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/** What Go's strconv.ParseBool reads: true, 1, t and their like; undefined: it is none of these. */
export function readBool(text: string): boolean | undefined {
  if (trueWords.includes(text)) return true;
  return falseWords.includes(text) ? false : undefined;
}

/** As `readBool`; throws with strconv.ParseBool's text where there is nothing to read. */
export function parseBool(text: string): boolean {
  const value = readBool(text);
  if (value === undefined) throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}
