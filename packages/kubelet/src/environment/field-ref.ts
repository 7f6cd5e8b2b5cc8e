import { Quantity } from '@coracle/api/meta/quantity';
import type { Container, ObjectFieldSelector, Pod, ResourceFieldSelector } from '@coracle/api/types/core/v1';

/** What the downward API tells of a pod beyond its own object. */
export interface PodFacts {
  nodeName: string;
  hostIPs: readonly string[];
  podIPs: readonly string[];
  /** What the node can give to pods: the limit of containers that set none. */
  allocatable: Readonly<Record<string, string>>;
}

const labelPath = /^metadata\.(labels|annotations)\['(.+)'\]$/;

/** The value of a `fieldRef`, in an environment variable or a downward API file. Throws on a path that is not supported. */
export function fieldRef(selector: ObjectFieldSelector, pod: Pod, facts: PodFacts): string {
  const { metadata, spec } = pod;
  const path = selector.fieldPath;
  const keyed = labelPath.exec(path);
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    case 'spec.nodeName':
      return spec.nodeName || facts.nodeName;
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? '';
    case 'status.hostIP':
      return facts.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIPs.join(',');
    case 'status.podIP':
      return facts.podIPs[0] ?? '';
    case 'status.podIPs':
      return facts.podIPs.join(',');
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/** The value of a `resourceFieldRef` for a container, rounded up to the divisor (1 unless set). */
export function resourceFieldRef(selector: ResourceFieldSelector, container: Container, facts: PodFacts): string {
  const [which, ...rest] = selector.resource.split('.');
  const name = rest.join('.');
  if ((which !== 'limits' && which !== 'requests') || !/^(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(name)) {
    throw new Error(`unsupported container resource : ${selector.resource}`);
  }
  const { limits, requests } = container.resources ?? {};
  const set = which === 'limits' ? limits?.[name] : requests?.[name];
  const text = set ?? (which === 'limits' ? facts.allocatable[name] : undefined) ?? '0';
  return divide(
    Quantity.parse(text),
    selector.divisor === undefined || selector.divisor === '' || selector.divisor === '0'
      ? '1'
      : String(selector.divisor),
  );
}

/** Fractions count for CPU alone: they are compared in thousandths. */
function divide(value: Quantity, divisor: string): string {
  const by = Quantity.parse(divisor).milliValue();
  const milli = value.milliValue();
  return String((milli + by - 1n) / by);
}

/** `key="value"` lines in the order of keys, values quoted as Go quotes strings. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${goQuote(map![key]!)}`)
    .join('\n');
}

function goQuote(text: string): string {
  const escapes: Record<string, string> = {
    '"': '\\"',
    '\\': '\\\\',
    '\n': '\\n',
    '\t': '\\t',
    '\r': '\\r',
    '\x07': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\v': '\\v',
  };
  return `"${text.replace(/["\\\x00-\x1f\x7f]/g, (letter) => escapes[letter] ?? `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
}
