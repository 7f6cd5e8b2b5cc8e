/**
 * Writes packages/kubelet/src/cri/generated/runtime.v1.ts from facts/cri-v1.json: first the .proto, then ts-proto by buf, offline.
 * Only the calls the kubelet makes are kept, and nothing of Windows. `--check` writes nothing and fails when the file would change.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface CriFacts {
  package: string;
  services: Record<string, [name: string, request: string, response: string][]>;
  enums: Record<string, Record<string, number>>;
  messages: Record<string, [name: string, type: string, tag: number][]>;
}

/** Calls of CRI that nothing here makes; their messages would be dead code. */
const unused = new Set([
  'UpdateRuntimeConfig',
  'CheckpointContainer',
  'ListMetricDescriptors',
  'ListPodSandboxMetrics',
  'ContainerStats',
  'PodSandboxStats',
]);

/** Enums that upstream nests in a message; the facts name them without their values. */
const nestedEnums: Record<string, Record<string, number>> = {
  ProfileType: { RuntimeDefault: 0, Unconfined: 1, Localhost: 2 },
};

const here = dirname(fileURLToPath(import.meta.url));
const kubelet = join(here, '../../packages/kubelet');
const target = join(kubelet, 'src/cri/generated/runtime.v1.ts');
const facts = JSON.parse(readFileSync(join(here, 'facts/cri-v1.json'), 'utf8')) as CriFacts;

const made = generate(protoText(facts));
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== made) {
    console.error('stale: packages/kubelet/src/cri/generated/runtime.v1.ts: run "node scripts/generate/cri.ts"');
    process.exit(1);
  }
  console.log('the CRI client is fresh');
} else {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, made);
  console.log('the CRI client is written');
}

function protoText({ package: name, services, enums, messages }: CriFacts): string {
  const lines = ['syntax = "proto3";', `package ${name};`];
  const reached = new Set<string>();
  const reach = (type: string): void => {
    for (const word of type.match(/\w+/g) ?? []) {
      if (reached.has(word) || !(word in messages || word in enums || word in nestedEnums)) continue;
      reached.add(word);
      for (const [, fieldType] of messages[word] ?? []) if (!fieldType.includes('Windows')) reach(fieldType);
    }
  };
  for (const [service, calls] of Object.entries(services)) {
    lines.push(`service ${service} {`);
    for (const [call, request, response] of calls) {
      if (unused.has(call)) continue;
      reach(request);
      reach(response);
      lines.push(`  rpc ${call}(${request}) returns (${response}) {}`);
    }
    lines.push('}');
  }
  for (const [type, values] of Object.entries({ ...enums, ...nestedEnums })) {
    if (!reached.has(type)) continue;
    const ordered = Object.entries(values).sort(([, a], [, b]) => a - b);
    lines.push(`enum ${type} {`, ...ordered.map(([value, number]) => `  ${value} = ${number};`), '}');
  }
  for (const [type, fields] of Object.entries(messages)) {
    if (!reached.has(type)) continue;
    const kept = fields.filter(([, fieldType]) => !fieldType.includes('Windows'));
    lines.push(`message ${type} {`, ...kept.map(([field, fieldType, tag]) => `  ${fieldType} ${field} = ${tag};`), '}');
  }
  return lines.join('\n');
}

function generate(proto: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'cri-'));
  try {
    writeFileSync(join(folder, 'runtime.v1.proto'), proto);
    writeFileSync(join(folder, 'buf.yaml'), 'version: v2\n');
    writeFileSync(
      join(folder, 'buf.gen.yaml'),
      JSON.stringify({
        version: 'v2',
        plugins: [
          {
            local: join(kubelet, 'node_modules/.bin/protoc-gen-ts_proto'),
            out: 'out',
            opt: [
              'esModuleInterop=true',
              'importSuffix=.ts',
              'forceLong=bigint',
              'enumsAsLiterals=true',
              'outputServices=generic-definitions',
              'outputJsonMethods=false',
              'outputPartialMethods=true',
              'useExactTypes=false',
              'unrecognizedEnum=false',
              'snakeToCamel=true',
              'useOptionals=messages',
            ],
          },
        ],
      }),
    );
    execFileSync(join(kubelet, 'node_modules/.bin/buf'), ['generate', '.'], { cwd: folder, stdio: 'inherit' });
    // Type-only namespaces are of no use here and are not erasable everywhere.
    return readFileSync(join(folder, 'out/runtime.v1.ts'), 'utf8')
      .replace(/^\s*\/\/\s+protoc\S*\s+\S+\n/gm, '')
      .replace(/^export namespace \w+ \{\n( {2}export type .*\n)*\}\n\n/gm, '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
