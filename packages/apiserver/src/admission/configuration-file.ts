import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { goQuoted } from '@coracle/api/codec/go-text';
import { parseYamlDocuments } from '@coracle/api/codec/yaml';
import { readComponentConfig } from '@coracle/process/component-config';
import { UsageError } from '@coracle/process/program';
import { z } from 'zod';
import type { ConfigurationParser, PluginConfigurations } from './configuration.ts';

const schema = z.strictObject({
  plugins: z
    .array(z.strictObject({ name: z.string(), path: z.string().default(''), configuration: z.unknown().optional() }))
    .nullish(),
});

/** How the plugins read what they are told: undefined for one that is told nothing. */
export type Parsers = ReadonlyMap<string, (() => Promise<ConfigurationParser<unknown>>) | undefined>;

/**
 * Reads `--admission-control-config-file`: an AdmissionConfiguration (apiserver.config.k8s.io/v1). What it says to a plugin stands in it, or in a file
 * whose path is relative to its own. Throws UsageError naming the plugin and what is wrong.
 */
export async function readAdmissionConfiguration(file: string, parsers: Parsers): Promise<PluginConfigurations> {
  const { plugins } = readComponentConfig(file, {
    apiVersion: ['apiserver.config.k8s.io/v1', 'apiserver.k8s.io/v1alpha1'],
    kind: 'AdmissionConfiguration',
    schema,
  });
  const read = new Map<string, unknown>();
  for (const { name, path, configuration } of plugins ?? []) {
    if (!parsers.has(name)) throw new UsageError(`failed to apply admission: unknown admission plugin: ${name}`);
    if (read.has(name)) throw notMade(name, 'configured twice');
    const stated = configuration !== undefined && configuration !== null;
    if (!stated && path === '') continue;
    const parser = parsers.get(name);
    if (!parser) throw notMade(name, 'it takes no configuration');
    const parse = await parser();
    try {
      read.set(name, parse({ value: stated ? configuration : documentIn(resolve(dirname(file), path)) }));
    } catch (error) {
      throw notMade(name, `${stated || path === '' ? '' : `${path}: `}${(error as Error).message}`);
    }
  }
  return read;
}

/** The error of a server whose plugin `name` cannot be made. */
export function notMade(name: string, why: string): UsageError {
  return new UsageError(`failed to apply admission: couldn't init admission plugin ${goQuoted(name)}: ${why}`);
}

function documentIn(path: string): unknown {
  const documents = parseYamlDocuments(readFileSync(path, 'utf8')).filter(({ value }) => value != null);
  if (documents.length !== 1) throw new Error(`expected one document, found ${documents.length}`);
  return documents[0]!.value;
}
