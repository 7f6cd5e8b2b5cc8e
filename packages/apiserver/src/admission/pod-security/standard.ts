import { type FieldError, invalid, Path } from '@coracle/api/meta/field-path';

const levels = ['privileged', 'baseline', 'restricted'] as const;

/** The Pod Security Standards, from the one that allows everything to the strictest. */
export type Level = (typeof levels)[number];

/** A standard as it was in a version of Kubernetes: `restricted:v1.25`. */
export interface Standard {
  readonly level: Level;
  /** The number after `v1.`; infinite: the latest. */
  readonly minor: number;
}

export type Mode = 'enforce' | 'audit' | 'warn';

/** What a namespace holds its pods to. */
export type Policy = Readonly<Record<Mode, Standard>>;

/** What namespaces without labels hold their pods to, where the configuration does not say otherwise: nothing. */
export const privileged: Standard = { level: 'privileged', minor: Number.POSITIVE_INFINITY };

export const prefix = 'pod-security.kubernetes.io/';
const at = new Path('metadata.labels');

/** `v1.25`, `latest`. */
export function versionText({ minor }: Standard): string {
  return Number.isFinite(minor) ? `v1.${minor}` : 'latest';
}

/** `restricted:v1.25`. */
export function standardText(standard: Standard): string {
  return `${standard.level}:${versionText(standard)}`;
}

export function isSameStandard(a: Standard, b: Standard): boolean {
  return a.level === b.level && a.minor === b.minor;
}

/** Above 0 where the first level is the stricter one, below where the second is. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b);
}

/** Reads a level; a text that is none gives the reason. */
export function parseLevel(text: string): Level | { readonly problem: string } {
  const level = levels.find((each) => each === text);
  return level ?? { problem: `must be one of ${levels.join(', ')}` };
}

/** Reads `latest` or `v1.25`, as the number after `v1.`; a text that is neither gives the reason. */
export function parseVersion(text: string): number | { readonly problem: string } {
  if (text === 'latest') return Number.POSITIVE_INFINITY;
  const minor = /^v1\.(0|[1-9]\d*)$/.exec(text)?.[1];
  return minor === undefined ? { problem: 'must be "latest" or "v1.x"' } : Number(minor);
}

/**
 * What a namespace's labels ask for, and by default where they say nothing. Labels that cannot be read are errors; what is enforced by them is then
 * the strictest, and nobody is warned by them (KEP-2579).
 */
export function policyOf(
  labels: Readonly<Record<string, string>> | undefined,
  defaults: Policy,
): { policy: Policy; errors: FieldError[] } {
  if (!labels) return { policy: defaults, errors: [] };
  const errors: FieldError[] = [];
  const standard = (mode: Mode): Standard => {
    let { level, minor } = defaults[mode];
    const levelText = labels[`${prefix}${mode}`];
    if (levelText !== undefined) {
      const parsed = parseLevel(levelText);
      if (typeof parsed === 'string') level = parsed;
      else {
        level = mode === 'enforce' ? 'restricted' : 'privileged';
        errors.push(invalid(at.key(`${prefix}${mode}`), levelText, parsed.problem));
      }
    }
    const key = `${prefix}${mode}-version`;
    const version = labels[key];
    if (version !== undefined) {
      const parsed = parseVersion(version);
      if (typeof parsed === 'number') minor = parsed;
      else {
        minor = Number.POSITIVE_INFINITY;
        errors.push(invalid(at.key(key), version, parsed.problem));
      }
    }
    return { level, minor };
  };
  return { policy: { enforce: standard('enforce'), audit: standard('audit'), warn: standard('warn') }, errors };
}
