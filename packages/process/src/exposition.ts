import type { Registry } from 'prom-client';

/** A page of metrics. */
export interface Exposition {
  readonly text: string;
  readonly contentType: string;
}

/**
 * All metrics of a registry that have series, by name, in the text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format); numbers in labels are written as Go writes them, for they name series.
 * `accept`: how the client wants names to be escaped, none of which needs to be.
 */
export async function exposition(registry: Registry, accept: string | undefined): Promise<Exposition> {
  const metrics = registry.getMetricsAsArray().sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines: string[] = [];
  for (const metric of metrics) {
    const { name, help, type, values } = (await (metric as unknown as Readable).get()) as Family;
    if (values.length === 0) continue;
    lines.push(`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`);
    for (const { metricName = name, labels, value } of values)
      lines.push(`${metricName}${labelText(labels)} ${numeral(value)}`);
  }
  return {
    text: lines.length === 0 ? '' : `${lines.join('\n')}\n`,
    contentType: `text/plain; version=0.0.4; charset=utf-8; escaping=${escapingFor(accept)}`,
  };
}

/** What is asked of each metric of a registry, those of the library and those of `series.ts`. */
interface Readable {
  get(): Promise<Family> | Family;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

function labelText(labels: Readonly<Record<string, string | number>>): string {
  let text = '';
  for (const name in labels) {
    const value = labels[name]!;
    text += `${text === '' ? '{' : ','}${name}="${typeof value === 'number' ? goNumeral(value) : escapedLabel(value)}"`;
  }
  return text === '' ? '' : `${text}}`;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

const escapedLabel = (text: string): string => (/["\\\n]/.test(text) ? escaped(text).replaceAll('"', '\\"') : text);

function numeral(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** The shortest text of a number as Go's `%g` has it: with an exponent of two digits below 0.0001 and from a million on. */
function goNumeral(value: number): string {
  const [digits, power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (!Number.isFinite(value) || (exponent >= -4 && exponent < 6)) return numeral(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** The way of escaping that the client names first; it is only told, since no name has anything to escape. */
const escapingFor = (accept = ''): string =>
  /;\s*escaping=(allow-utf-8|underscores|dots|values)\b/.exec(accept)?.[1] ?? 'underscores';
