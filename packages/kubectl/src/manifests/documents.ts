import { decodeJson } from '@coracle/api/codec/json';
import { parseYamlDocuments } from '@coracle/api/codec/yaml';
import { messageOf } from '@coracle/api/meta/message-of';
import { CommandFailure } from '../cli/failure.ts';

/** One manifest of a source: a value, or why it could not be read. */
export type ManifestDocument = { readonly value: unknown } | { readonly error: CommandFailure };

/**
 * Splits a source into its documents and parses each by itself, so that a broken one does not take the others with it.
 * Empty documents are left out. Errors name the source, the line and the column.
 */
export function parseDocuments(source: string, text: string): ManifestDocument[] {
  const body = text.replace(/^\uFEFF/, '');
  if (/^\s*\{/.test(body)) return jsonValues(source, body);
  return yamlChunks(body).flatMap(({ line, chunk }): ManifestDocument[] => {
    try {
      return parseYamlDocuments('\n'.repeat(line) + chunk)
        .map((each) => each.value)
        .filter((value) => value !== null && value !== undefined)
        .map((value) => ({ value }));
    } catch (error) {
      return [
        {
          error: new CommandFailure(
            `error parsing ${source}: error converting YAML to JSON: ${yamlMessage(messageOf(error))}`,
          ),
        },
      ];
    }
  });
}

const yamlMessage = (message: string): string => (message.startsWith('yaml: ') ? message : `yaml: ${message}`);

/** The parts of a stream between `---` lines, with the index of their first line. */
function yamlChunks(text: string): { line: number; chunk: string }[] {
  const chunks: { line: number; chunk: string }[] = [];
  let start = 0;
  let lines: string[] = [];
  const all = text.split('\n');
  const push = (): void => {
    if (lines.some((line) => line.trim() !== '' && !line.trimStart().startsWith('#')))
      chunks.push({ line: start, chunk: lines.join('\n') });
  };
  for (const [index, line] of all.entries()) {
    if (/^---\s*(#.*)?$/.test(line)) {
      push();
      start = index + 1;
      lines = [];
    } else lines.push(line);
  }
  push();
  return chunks;
}

/** The values of a JSON stream: objects one after the other, with or without white space or `---` between them. */
function jsonValues(source: string, text: string): ManifestDocument[] {
  const documents: ManifestDocument[] = [];
  let at = 0;
  for (;;) {
    const gap = /^(\s|---)*/.exec(text.slice(at))![0].length;
    at += gap;
    if (at >= text.length) return documents;
    const end = endOfValue(text, at);
    try {
      documents.push({ value: decodeJson(text.slice(at, end)).value });
    } catch (error) {
      const before = text.slice(0, at).split('\n');
      const where = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
      documents.push({ error: new CommandFailure(`error parsing ${source}: ${where}: ${messageOf(error)}`) });
      return documents;
    }
    at = end;
  }
}

/** Where the JSON object that starts at `start` ends; the end of the text when it is not closed. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '{' || c === '[') depth++;
    else if ((c === '}' || c === ']') && --depth === 0) return i + 1;
  }
  return text.length;
}
