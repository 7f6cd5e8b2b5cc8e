import { checkObject } from '@coracle/api/codec/strict';
import { objectSchemaOf } from '@coracle/api/schema';
import { CommandFailure } from '../cli/failure.ts';
import type { Flags } from '../cli/flags.ts';
import { stringFlag } from '../cli/flags.ts';

/** What --validate means to the server (the fieldValidation parameter). */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export const validateFlag = stringFlag(
  'validate',
  'strict',
  'How unknown and duplicate fields are treated: strict (or true) refuses them, warn warns, ignore (or false) drops them',
  { implied: 'strict' },
);

export function fieldValidation(flags: Flags): FieldValidation {
  const given = flags.string('validate');
  switch (given) {
    case 'true':
    case 'strict':
      return 'Strict';
    case 'warn':
      return 'Warn';
    case 'false':
    case 'ignore':
      return 'Ignore';
  }
  throw new CommandFailure(
    `invalid - validate option ${JSON.stringify(given)}; must be one of: strict (or true), warn, ignore (or false)`,
  );
}

const hint = 'if you choose to ignore these errors, turn validation off with --validate=false';

/**
 * Checks what a manifest must say before a server can be asked: its kind and version. A v1beta3 object (the API of 2015) is
 * refused; with validation off it is read as the v1 object whose fields it shares. Returns the object to work with.
 */
export function checkManifest(value: unknown, source: string, validation: FieldValidation | undefined): unknown {
  const invalid = (message: string): CommandFailure =>
    new CommandFailure(`error validating ${JSON.stringify(source)}: error validating data: ${message}; ${hint}`);
  const object = value as { apiVersion?: unknown; kind?: unknown };
  if (validation === undefined) return value;
  if (validation !== 'Ignore') {
    if (typeof value !== 'object' || Array.isArray(value)) throw invalid('invalid object to validate');
    if (object.apiVersion === 'v1beta3') throw invalid('the server could not find the requested resource');
    const missing = (['apiVersion', 'kind'] as const).filter((field) => !object[field]);
    if (missing.length > 0)
      throw invalid(
        missing.length === 1 ? `${missing[0]} not set` : `[${missing.map((each) => `${each} not set`).join(', ')}]`,
      );
    return value;
  }
  return object.apiVersion === 'v1beta3' ? fromV1beta3(object as { kind: string }, source) : value;
}

function fromV1beta3(object: { kind: string }, source: string): unknown {
  const converted = { ...object, apiVersion: 'v1' };
  if (object.kind === 'List') return converted;
  let unknown: string[];
  try {
    unknown = checkObject(converted, objectSchemaOf(`core/v1.${object.kind}`)).unknown;
  } catch (error) {
    throw new CommandFailure(`unable to decode ${JSON.stringify(source)}: ${(error as Error).message}`);
  }
  if (unknown.length > 0) {
    throw new CommandFailure(
      `unable to decode ${JSON.stringify(source)}: v1beta3 ${object.kind} has fields that v1 does not have: ${unknown.map((field) => `unknown field ${JSON.stringify(field)}`).join(', ')}`,
    );
  }
  return converted;
}
