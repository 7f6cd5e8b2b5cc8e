import { readFileSync } from 'node:fs';
import { parseYamlDocuments } from '@coracle/api/codec/yaml';
import { isObject } from '@coracle/api/meta/object';
import { parseDuration } from '@coracle/api/meta/time';
import { z } from 'zod';
import { UsageError } from './program.ts';

/** What a component's configuration file must be: one document of this version and kind, of this shape. */
export interface ComponentConfigFormat<T> {
  /** `kubescheduler.config.k8s.io/v1`; several where versions do not differ in what they say. */
  apiVersion: string | readonly string[];
  kind: string;
  /** The fields beside apiVersion and kind; strict objects refuse unknown fields. */
  schema: z.ZodType<T>;
}

/** A metav1.Duration (`1m30s`), in milliseconds. */
export const durationField = z.string().transform((text, context) => {
  try {
    return parseDuration(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/**
 * Reads a component's configuration file (YAML or JSON). Throws UsageError naming the file and every unknown field, wrong type and
 * refused value.
 */
export function readComponentConfig<T>(path: string, format: ComponentConfigFormat<T>): T {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`failed to read config file "${path}": ${(error as Error).message}`);
  }
  try {
    return parseComponentConfig(text, format);
  } catch (error) {
    throw new UsageError(`failed to load config file "${path}": ${(error as Error).message}`);
  }
}

/** As `readComponentConfig`, from text; throws a plain Error. */
export function parseComponentConfig<T>(text: string, format: ComponentConfigFormat<T>): T {
  const documents = parseYamlDocuments(text).filter((each) => each.value !== null && each.value !== undefined);
  if (documents.length !== 1) throw new Error(`expected one document, found ${documents.length}`);
  return decodeComponentConfig(documents[0]!.value, format);
}

/** As `parseComponentConfig`, of a document that is parsed already: one that stands in another. */
export function decodeComponentConfig<T>(document: unknown, format: ComponentConfigFormat<T>): T {
  if (!isObject(document)) throw new Error(`couldn't get version/kind; json parse error: not an object`);
  const { apiVersion, kind, ...fields } = document;
  if (apiVersion === undefined || kind === undefined) throw new Error(`Object 'Kind' and 'apiVersion' must be set`);
  if (![format.apiVersion].flat().includes(String(apiVersion)) || kind !== format.kind) {
    throw new Error(`no kind "${String(kind)}" is registered for version "${String(apiVersion)}"`);
  }
  return decodeShape(fields, format.schema);
}

/** As `decodeComponentConfig`, of what has neither version nor kind. Throws naming every unknown field and wrong type. */
export function decodeShape<T>(value: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`strict decoding error: ${parsed.error.issues.flatMap((each) => worded(each)).join(', ')}`);
}

function worded(issue: z.core.$ZodIssue): string[] {
  const at = pathText(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `unknown field "${at === '' ? key : `${at}.${key}`}"`);
  }
  return [`${at === '' ? '' : `${at}: `}${issue.message}`];
}

function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : `${text === '' ? '' : '.'}${String(step)}`;
  return text;
}
