import { Failure, fail } from '../failure.ts';

/** Values by name. */
export type Values = Readonly<Record<string, string>>;

const reference = /\$(?:\$|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})/g;

/**
 * Replaces `$NAME` and `${NAME}` by values, and `$$` by a dollar sign; other dollar signs stay. Throws Failure for a name without a value,
 * naming it and the template.
 */
export function substitute(template: string, values: Values, where: string): string {
  return template.replace(reference, (whole, bare?: string, braced?: string) => {
    const name = bare ?? braced;
    return name === undefined ? '$' : valueNamed(name, values, where, whole);
  });
}

/**
 * The same for a template of a JSON text, which is parsed afterwards: within its strings a value stands for itself, whatever characters it has;
 * outside of them it is JSON (`"uid": $UID`).
 */
export function substituteJson(template: string, values: Values, where: string): unknown {
  const text = template
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((part, index) => {
      const escaped: Values =
        index % 2 === 0
          ? values
          : Object.fromEntries(Object.entries(values).map(([name, it]) => [name, JSON.stringify(it).slice(1, -1)]));
      return substitute(part, escaped, where);
    })
    .join('');
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(`${where} is no JSON once its values are filled in: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Defaults with their references to others (`/etc/coracle/$NAME`) filled in, and beside them the values that were given, as they are. Throws Failure for a name without a value, or values that refer to
 * each other in a circle.
 */
export function resolveValues(defaults: Values, given: Values, where: string): Values {
  const resolved: Record<string, string> = { ...given };
  const values = { ...defaults, ...given };
  const pending = new Set<string>();
  const resolve = (name: string): string => {
    const known = resolved[name];
    if (known !== undefined) return known;
    if (pending.has(name)) fail(`${where}: the value of ${name} refers to itself`);
    pending.add(name);
    const text = values[name]!;
    const found = text.replace(reference, (whole, bare?: string, braced?: string) => {
      const other = bare ?? braced;
      if (other === undefined) return '$';
      valueNamed(other, values, where, whole);
      return resolve(other);
    });
    pending.delete(name);
    resolved[name] = found;
    return found;
  };
  for (const name of Object.keys(values)) resolve(name);
  return resolved;
}

/** The pairs of `--set NAME=VALUE`. Throws Failure for what is none, and for names the image does not know. */
export function parseSettings(pairs: readonly string[], known: readonly string[], image: string): Values {
  const settings: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0));
    if (at <= 0) throw new Failure(`--set ${JSON.stringify(pair)} is not NAME=VALUE`);
    if (!known.includes(name)) {
      fail(`--set ${name}: ${image} has no such setting; there is ${known.toSorted().join(', ') || 'none'}`);
    }
    settings[name] = pair.slice(at + 1);
  }
  return settings;
}

function valueNamed(name: string, values: Values, where: string, whole: string): string {
  if (!Object.hasOwn(values, name)) {
    fail(`${where} refers to ${whole}, which has no value`, { next: `Give it one: --set ${name}=VALUE` });
  }
  return values[name]!;
}
