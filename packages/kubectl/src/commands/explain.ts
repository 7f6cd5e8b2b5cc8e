import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { noSuchResource } from '../resources/mapper.ts';
import { OpenApiDocument, type OpenApiSchema } from '../resources/openapi.ts';
import type { Resource } from '../resources/resource.ts';

export const command: Command = {
  name: 'explain',
  short: 'Show what a field of a resource means',
  usage:
    'explain TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]',
  examples: 'kubectl explain pods\nkubectl explain pods.spec.containers\nkubectl explain deployment --recursive',
  flags: [
    stringFlag('api-version', '', 'Group and version to use: apps/v1'),
    stringFlag('output', 'plaintext', 'Only plaintext', { short: 'o' }),
    boolFlag('recursive', false, 'Show the names of all fields below, without their meanings'),
  ],
  run: explain,
};

async function explain(call: Call): Promise<void> {
  const { args, flags, session, terminal, path } = call;
  if (args.length === 0) {
    throw new CommandFailure(
      'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  }
  if (args.length > 1) throw new UsageFailure(path, 'We accept only this format: explain RESOURCE');
  const output = flags.string('output');
  if (output !== 'plaintext') {
    throw new CommandFailure(
      output === 'plaintext-openapiv2'
        ? '-o plaintext-openapiv2 is not supported by this kubectl: the server describes itself in OpenAPI v3'
        : `unrecognized format: ${output}`,
    );
  }
  const { resource, fields } = await target(call, args[0]!);
  const document = await OpenApiDocument.load(session.rest, resource);
  const root = document.schemaOf(resource);
  terminal.stdout.write(page(call, document, resource, root, fields));
}

async function target({ flags, session }: Call, argument: string): Promise<{ resource: Resource; fields: string[] }> {
  const mapper = await session.mapper();
  const parts = argument.split('.');
  // The longest beginning that names a resource with its group wins; the rest are fields.
  for (let length = parts.length; length > 1; length--) {
    const resource = mapper.find(parts.slice(0, length).join('.').toLowerCase());
    if (resource) return { resource: versioned(resource), fields: parts.slice(length) };
  }
  const resource = mapper.find(parts[0]!.toLowerCase());
  if (!resource) throw noSuchResource(parts[0]!);
  return { resource: versioned(resource), fields: parts.slice(1) };

  function versioned(resource: Resource): Resource {
    const wanted = flags.string('api-version');
    if (wanted === '' || wanted === resource.apiVersion) return resource;
    const found = mapper.discovered.resources.find((each) => each.apiVersion === wanted && each.name === resource.name);
    if (!found) throw new CommandFailure(`couldn't find resource for "${wanted}, Resource=${resource.name}"`);
    return found;
  }
}

const lineWidth = 76;

function page(
  { flags, terminal }: Call,
  document: OpenApiDocument,
  resource: Resource,
  root: OpenApiSchema,
  fields: readonly string[],
): string {
  const out: string[] = [];
  if (resource.group !== '') out.push(`GROUP:      ${resource.group}`);
  out.push(`KIND:       ${resource.kind}`, `VERSION:    ${resource.version}`, '');
  let schema = root;
  for (const [i, field] of fields.entries()) {
    const found = document.propertiesOf(schema).get(field);
    if (!found) {
      terminal.stdout.write(`${out.join('\n')}\n`);
      throw new CommandFailure(`field ${JSON.stringify(field)} does not exist`);
    }
    schema = found;
    if (i === fields.length - 1)
      out.push(`FIELD: ${field} <${document.typeOf(schema)}>`, ...enumBlock(document, schema), '');
  }
  const descriptions = document.descriptionsOf(schema);
  out.push('DESCRIPTION:', ...paragraph(descriptions, 4, '<empty>'));
  if (descriptions.some((text) => text !== '')) out.push(' '.repeat(4));
  const properties = document.propertiesOf(schema);
  if (properties.size === 0) return `${out.join('\n')}\n\n`;
  out.push('FIELDS:');
  if (flags.bool('recursive')) out.push(...tree(document, schema, 1, []));
  else {
    const required = document.requiredOf(schema);
    for (const name of [...properties.keys()].sort()) {
      const property = properties.get(name)!;
      out.push(`  ${name}\t<${document.typeOf(property)}>${required.has(name) ? ' -required-' : ''}`);
      out.push(...enumLines(document, property, '  '));
      out.push(...paragraph([property.description ?? ''], 4, '<no description>'), '');
    }
  }
  return `${out.join('\n')}\n\n`;
}

/** The values a field may have, one a line; an empty line where it may have any. */
function enumBlock(document: OpenApiDocument, schema: OpenApiSchema): string[] {
  const values = document.enumOf(schema);
  return values.length === 0 ? [''] : ['ENUM:', ...values.map((value) => `    ${value}`)];
}

function enumLines(document: OpenApiDocument, schema: OpenApiSchema, indent: string): string[] {
  const values = document.enumOf(schema);
  return values.length === 0
    ? []
    : [`${indent}enum: ${values.length > 4 ? `${values.slice(0, 4).join(', ')}, ....` : values.join(', ')}`];
}

function tree(document: OpenApiDocument, schema: OpenApiSchema, level: number, above: readonly string[]): string[] {
  const properties = document.propertiesOf(schema);
  const required = document.requiredOf(schema);
  return [...properties.keys()].sort().flatMap((name) => {
    const property = properties.get(name)!;
    const line = `${'  '.repeat(level)}${name}\t<${document.typeOf(property)}>${required.has(name) ? ' -required-' : ''}`;
    const own = document.nameOf(property);
    const lines = [line, ...enumLines(document, property, '  '.repeat(level))];
    if (own !== undefined && above.includes(own)) return lines;
    return [...lines, ...tree(document, property, level + 1, own === undefined ? above : [...above, own])];
  });
}

/** A description wrapped to the width, indented; its paragraphs apart. */
function paragraph(texts: readonly string[], indent: number, otherwise: string): string[] {
  const blank = ' '.repeat(indent);
  const given = texts.filter((text) => text !== '');
  if (given.length === 0) return [`${blank}${otherwise}`];
  return given.flatMap((text) =>
    text.split('\n').flatMap((line) => wrapped(line, lineWidth).map((each) => `${blank}${each}`)),
  );
}

/** Words broken to lines; between those of a line their spaces stay as they are. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [, spaces = '', word = ''] of text.matchAll(/(\s*)(\S+)/g)) {
    if (line.length + spaces.length + word.length > width && word.length < width) {
      lines.push(line);
      line = word;
    } else line += spaces + word;
  }
  return [...lines, line];
}
