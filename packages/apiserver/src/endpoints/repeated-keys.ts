import { decodeJson } from '@coracle/api/codec/json';
import { parseFirstYamlDocument } from '@coracle/api/codec/yaml';

/** Keys that a body says more than once; the last one counts. */
export interface RepeatedKeys {
  /** Their paths, of JSON. */
  readonly paths: readonly string[];
  /** One sentence a repetition, of YAML. */
  readonly lines: readonly string[];
}

export const nothingRepeated: RepeatedKeys = { paths: [], lines: [] };

/** A value, and the keys said twice on the way to it. */
export interface Parsed {
  value: unknown;
  repeated: RepeatedKeys;
}

/** Throws the JSON decoder's errors. */
export function parseJson(text: Uint8Array | string): Parsed {
  const { value, duplicates } = decodeJson(text, { duplicates: true });
  return { value, repeated: duplicates.length === 0 ? nothingRepeated : { paths: duplicates, lines: [] } };
}

/** Even with keys of three letters and no indentation so many keys and values fill a body; to read more of them would hold the server. */
const mostYamlNodes = 200_000;

/** The first document of a YAML stream, of at most 200,000 keys and values; throws YamlError. */
export function parseYaml(text: string): Parsed {
  const document = parseFirstYamlDocument(text, mostYamlNodes);
  const lines = (document?.duplicates ?? []).map(
    ({ key, line }) => `line ${line}: key ${JSON.stringify(key)} already set in map`,
  );
  return { value: document?.value, repeated: { paths: [], lines } };
}

/** All repetitions of YAML in one text, as its decoder tells of them. */
export function yamlErrors({ lines }: RepeatedKeys): string {
  return ['yaml: unmarshal errors:', ...lines].join('\n  ');
}
