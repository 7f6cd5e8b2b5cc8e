import { readFileSync } from 'node:fs';
import { formatJson } from '@coracle/api/codec/go-json';
import { formatYaml } from '@coracle/api/codec/yaml-print';
import { JsonPath } from '@coracle/api/jsonpath/jsonpath';
import { messageOf } from '@coracle/api/meta/message-of';
import { CommandFailure } from '../cli/failure.ts';
import { boolFlag, type Flag, type Flags, stringFlag } from '../cli/flags.ts';
import type { AnyObject } from '../resources/resource.ts';
import { CustomColumnsPrinter, customColumns, customColumnsFile } from './custom-columns.ts';
import { goSyntax } from './go-syntax.ts';

/** A list of objects as commands put it together for printing. */
export interface ObjectList {
  apiVersion: string;
  kind: string;
  metadata: { resourceVersion?: string };
  items: readonly AnyObject[];
}

/** Turns an object or a list into text. */
export interface Printer {
  print(object: AnyObject | ObjectList): string;
}

/** -o and what belongs to it, for commands that print objects. */
export const outputFlags: readonly Flag[] = [
  boolFlag(
    'allow-missing-template-keys',
    true,
    'Show nothing instead of an error where a template names a field that is not there',
  ),
  stringFlag('output', '', 'Output format: json, yaml, name, go-template, jsonpath, …', { short: 'o' }),
  boolFlag('show-managed-fields', false, 'Show managedFields in json and yaml'),
  stringFlag('template', '', 'Template text or file for the go-template and jsonpath formats'),
];

export interface PrinterOptions {
  /** Keep the order of keys in json: local objects are shown in their type's order. */
  readonly keepOrder?: boolean;
  /** The word for -o name and the messages about an object: its resource. */
  readonly resourceOf?: (object: AnyObject) => string;
  /** Output formats this command takes beyond the templates, json, yaml and name, for the error text. */
  readonly formats?: readonly string[];
  readonly noHeaders?: boolean;
}

const baseFormats = [
  'go-template',
  'go-template-file',
  'json',
  'jsonpath',
  'jsonpath-as-json',
  'jsonpath-file',
  'name',
  'template',
  'templatefile',
  'yaml',
];

/** The printer of -o; undefined where the command shows its own message or table. */
export function printerOf(flags: Flags, options: PrinterOptions = {}): Printer | undefined {
  let output = flags.string('output');
  const template = flags.string('template');
  if (output === '' && template !== '') output = 'go-template';
  if (output === '') return undefined;
  const formats = [...new Set([...baseFormats, ...(options.formats ?? [])])].sort();
  if (formats.includes(output) || output.includes('=')) {
    const found = formatPrinter(output, template, flags, options);
    if (found) return found;
  }
  throw noPrinter(output, formats);
}

export const noPrinter = (output: string, formats: readonly string[]): CommandFailure =>
  new CommandFailure(
    `unable to match a printer suitable for the output format ${JSON.stringify(output)}, allowed formats are: ${formats.join(',')}`,
  );

function formatPrinter(
  output: string,
  templateFlag: string,
  flags: Flags,
  options: PrinterOptions,
): Printer | undefined {
  const withoutManaged = <T extends AnyObject | ObjectList>(object: T): T =>
    flags.bool('show-managed-fields') ? object : (omitManagedFields(object) as T);
  switch (output) {
    case 'json':
      return {
        print: (object) => `${formatJson(withoutManaged(object), { indent: '    ', sort: !options.keepOrder })}\n`,
      };
    case 'yaml':
      return documents((object) => formatYaml(withoutManaged(object)));
    case 'name':
      return {
        print: (object) =>
          itemsOf(object)
            .map((each) => `${nameOf(each, options)}\n`)
            .join(''),
      };
  }
  const equals = output.indexOf('=');
  const format = equals < 0 ? output : output.slice(0, equals);
  const given = equals < 0 ? templateFlag : output.slice(equals + 1);
  const allowMissing = flags.bool('allow-missing-template-keys');
  if (format.startsWith('custom-columns') && (options.formats ?? []).includes('custom-columns')) {
    const columns = format === 'custom-columns-file' ? customColumnsFile(given) : customColumns(given);
    const printer = new CustomColumnsPrinter(columns, options.noHeaders ?? false);
    return { print: (object) => printer.print(itemsOf(object)) };
  }
  switch (format) {
    case 'jsonpath':
    case 'jsonpath-as-json':
    case 'jsonpath-file': {
      if (given === '') throw new CommandFailure(`template format specified but no template given`);
      return jsonPathPrinter(
        format === 'jsonpath-file' ? readTemplate(given) : given,
        allowMissing,
        format === 'jsonpath-as-json',
      );
    }
    case 'go-template':
    case 'template':
    case 'go-template-file':
    case 'templatefile': {
      if (given === '') throw new CommandFailure('template format specified but no template given');
      return goTemplatePrinter(format.endsWith('file') ? readTemplate(given) : given, allowMissing);
    }
  }
  return undefined;
}

function readTemplate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`error reading --template ${file}, ${messageOf(error)}`);
  }
}

function jsonPathPrinter(template: string, allowMissing: boolean, asJson: boolean): Printer {
  let path: JsonPath;
  try {
    path = new JsonPath(template, { allowMissing });
  } catch (error) {
    throw new CommandFailure(`error parsing jsonpath ${template}, ${messageOf(error)}`);
  }
  return {
    print: (object) => {
      try {
        return path.execute(object, asJson);
      } catch (error) {
        throw new CommandFailure(
          `error executing jsonpath ${JSON.stringify(template)}: Error executing template: ${messageOf(error)}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${template}\n\tobject given to jsonpath engine was:\n\t\t${goSyntax(object)}\n\n\n`,
        );
      }
    },
  };
}

/** Go templates are loaded when one is asked for. */
let goTemplates: typeof import('./go-template.ts') | undefined;

/** Must be awaited before `printerOf` where the output format may be a Go template. */
export async function prepareTemplates(flags: Flags): Promise<void> {
  if (/^(go-)?template/.test(flags.string('output')) || flags.string('template') !== '')
    goTemplates = await import('./go-template.ts');
}

function goTemplatePrinter(template: string, allowMissing: boolean): Printer {
  if (!goTemplates) throw new Error('bug: templates are not prepared');
  const compiled = goTemplates.parseGoTemplate(template);
  const { executeGoTemplate } = goTemplates;
  return { print: (object) => executeGoTemplate(compiled, object, { allowMissing, source: template }) };
}

/** YAML documents after the first are set off by a line of three dashes. */
function documents(format: (object: AnyObject | ObjectList) => string): Printer {
  let count = 0;
  return { print: (object) => (count++ > 0 ? '---\n' : '') + format(object) };
}

const itemsOf = (object: AnyObject | ObjectList): readonly AnyObject[] =>
  Array.isArray(object['items' as keyof typeof object]) && (object.kind?.endsWith('List') ?? false)
    ? (object as ObjectList).items
    : [object as AnyObject];

function nameOf(object: AnyObject, options: PrinterOptions): string {
  const name = object.metadata?.name ?? '';
  if (options.resourceOf) return `${options.resourceOf(object)}/${name}`;
  const group = object.apiVersion?.includes('/')
    ? `.${object.apiVersion.slice(0, object.apiVersion.indexOf('/'))}`
    : '';
  if (!object.kind) return `<unknown>/${name}`;
  return `${object.kind.toLowerCase()}${group}/${name}`;
}

function omitManagedFields(object: AnyObject | ObjectList): AnyObject | ObjectList {
  if (Array.isArray(object['items' as keyof typeof object])) {
    return {
      ...object,
      items: (object as ObjectList).items.map((item) => omitManagedFields(item) as AnyObject),
    } as ObjectList;
  }
  const { metadata } = object as AnyObject;
  if (!metadata?.managedFields) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest } as AnyObject;
}
