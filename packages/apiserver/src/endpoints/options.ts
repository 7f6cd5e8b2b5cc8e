import { append } from '@coracle/api/meta/append';
import { type FieldError, invalid, notSupported, Path, tooLong } from '@coracle/api/meta/field-path';
import { badRequest, invalidObject } from '@coracle/api/meta/status';
import { isTrue } from '../chain/request-info.ts';
import { dryRunErrors } from '../registry/options-validation.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** What a write asks for in its query. */
export interface WriteOptions {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: FieldValidation;
  /** Apply patches only: take over fields that others own. */
  force: boolean | undefined;
  /** The options as an object, for admission. */
  raw: Record<string, unknown>;
}

const metaGroup = 'meta.k8s.io';

/** Reads and checks CreateOptions, UpdateOptions or PatchOptions; throws Invalid as upstream does, BadRequest for unreadable values. */
export function writeOptionsOf(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): WriteOptions {
  const at = new Path();
  const errors: FieldError[] = [];
  const fieldManager = query.get('fieldManager') ?? '';
  append(errors, managerErrors(fieldManager, at.child('fieldManager')));
  const dryRun = query.getAll('dryRun');
  append(errors, dryRunErrors(dryRun, at));
  const validation = query.get('fieldValidation') || 'Warn';
  if (!isFieldValidation(validation))
    errors.push(notSupported(at.child('fieldValidation'), validation, ['', 'Ignore', 'Strict', 'Warn']));
  if (errors.length > 0) throw invalidObject({ group: metaGroup, kind }, '', errors);
  const force = query.has('force') ? booleanOf(query, 'force') : undefined;
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: validation as FieldValidation,
    force,
    raw: {
      kind,
      apiVersion: 'meta.k8s.io/v1',
      ...(dryRun.length > 0 ? { dryRun } : {}),
      ...(fieldManager ? { fieldManager } : {}),
      ...(query.has('fieldValidation') ? { fieldValidation: validation } : {}),
      ...(force === undefined ? {} : { force }),
    },
  };
}

function managerErrors(name: string, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(name) > 128) errors.push(tooLong(at, 128));
  for (const { 0: char, index } of name.matchAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu)) {
    const code = char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    const position = Buffer.byteLength(name.slice(0, index));
    errors.push(invalid(at, name, `invalid character U+${code} (at position ${position})`));
  }
  return errors;
}

/** Who changes are recorded for when the client does not say: the first part of its User-Agent. */
export function managerOf(fieldManager: string, userAgent: string | undefined): string {
  if (fieldManager !== '') return fieldManager;
  const first = (userAgent ?? '').split('/')[0]!;
  const printable = [...first].filter((char) => /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char)).join('');
  return printable.slice(0, 128) || 'unknown';
}

/** A boolean of the query: only `0` and `false`, in any case, are false where it is given; as upstream converts it. */
export function booleanOf(query: URLSearchParams, name: string): boolean {
  return isTrue(query.get(name));
}

/** A 64-bit whole number of the query; undefined where it is not given; throws BadRequest when it is none. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const isNumber = /^[+-]?\d+$/.test(text);
  if (isNumber && BigInt.asIntN(64, BigInt(text)) === BigInt(text)) return Number(text);
  const problem = isNumber ? 'value out of range' : 'invalid syntax';
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${problem}`);
}

function isFieldValidation(value: string): value is FieldValidation {
  return value === 'Ignore' || value === 'Warn' || value === 'Strict';
}
