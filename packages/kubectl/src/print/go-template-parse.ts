/** A value in a pipeline: what stands between blanks. */
export type Operand =
  | { is: 'literal'; value: unknown }
  | { is: 'dot' }
  | { is: 'field'; names: string[] }
  | { is: 'variable'; name: string; names: string[] }
  | { is: 'function'; name: string }
  | { is: 'group'; pipeline: Pipeline; names: string[] };

/** Commands joined by `|`; the value may be kept in variables. */
export interface Pipeline {
  readonly variables: string[];
  readonly declares: boolean;
  readonly commands: Operand[][];
  /** The text as written, for errors. */
  readonly text: string;
}

export type TemplateNode =
  | { is: 'text'; text: string }
  | { is: 'action'; pipeline: Pipeline }
  | { is: 'if' | 'with' | 'range'; pipeline: Pipeline; body: TemplateNode[]; otherwise: TemplateNode[] }
  | { is: 'template'; name: string; pipeline?: Pipeline }
  | { is: 'break' | 'continue' };

export interface ParsedTemplate {
  readonly nodes: TemplateNode[];
  readonly defined: Map<string, TemplateNode[]>;
}

type Piece = { text: string } | { action: string };

/** Parses a template of Go's text/template language. Throws with what is wrong. */
export function parse(source: string): ParsedTemplate {
  const defined = new Map<string, TemplateNode[]>();
  const pieces = split(source);
  let at = 0;
  const nodes = block([]).nodes;
  return { nodes, defined };

  /** Reads nodes up to one of the closing keywords (which is consumed), or to the end where none is expected. */
  function block(closers: readonly string[]): { nodes: TemplateNode[]; closer: string; rest: string } {
    const found: TemplateNode[] = [];
    while (at < pieces.length) {
      const piece = pieces[at++]!;
      if ('text' in piece) {
        if (piece.text !== '') found.push({ is: 'text', text: piece.text });
        continue;
      }
      const [, keyword = '', rest = ''] = /^(\w*)\s*([\s\S]*)$/.exec(piece.action)!;
      if (closers.includes(keyword) && (keyword === 'end' || keyword === 'else'))
        return { nodes: found, closer: keyword, rest };
      if (keyword === 'end' || keyword === 'else') throw new Error(`unexpected {{${keyword}}}`);
      const node = statement(keyword, rest, piece.action);
      if (node) found.push(node);
    }
    if (closers.length > 0) throw new Error('unexpected EOF');
    return { nodes: found, closer: '', rest: '' };
  }

  function statement(keyword: string, rest: string, action: string): TemplateNode | undefined {
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        return control(keyword, rest);
      case 'break':
      case 'continue':
        return { is: keyword };
      case 'define': {
        defined.set(templateName(rest).name, block(['end']).nodes);
        return undefined;
      }
      case 'block': {
        const { name, after } = templateName(rest);
        defined.set(name, block(['end']).nodes);
        return { is: 'template', name, pipeline: pipeline(after) };
      }
      case 'template': {
        const { name, after } = templateName(rest);
        return { is: 'template', name, ...(after === '' ? {} : { pipeline: pipeline(after) }) };
      }
    }
    return action === '' ? undefined : { is: 'action', pipeline: pipeline(action) };
  }

  function control(is: 'if' | 'with' | 'range', condition: string): TemplateNode {
    const head = pipeline(condition);
    const first = block(['end', 'else']);
    if (first.closer === 'end') return { is, pipeline: head, body: first.nodes, otherwise: [] };
    const chained = /^(if|with)\s+([\s\S]*)$/.exec(first.rest);
    const otherwise = chained ? [control(chained[1] as 'if' | 'with', chained[2]!)] : block(['end']).nodes;
    return { is, pipeline: head, body: first.nodes, otherwise };
  }
}

function templateName(text: string): { name: string; after: string } {
  const match = /^("(?:[^"\\]|\\.)*"|`[^`]*`)\s*([\s\S]*)$/.exec(text);
  if (!match) throw new Error(`unexpected ${JSON.stringify(text)} in template clause`);
  return { name: literalText(match[1]!), after: match[2]! };
}

/** Cuts a source into texts and the insides of `{{…}}`; `{{-` and `-}}` trim the white space beside them. */
function split(source: string): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  let rest = source;
  for (;;) {
    const open = rest.indexOf('{{');
    if (open < 0) {
      pieces.push({ text: text + rest });
      return pieces;
    }
    text += rest.slice(0, open);
    rest = rest.slice(open + 2);
    if (/^-\s/.test(rest)) {
      text = text.trimEnd();
      rest = rest.slice(1);
    }
    const comment = /^\s*\/\*[\s\S]*?\*\/\s*(-?)\}\}/.exec(rest);
    const end = comment ? undefined : endOfAction(rest);
    const inner = comment ? '' : rest.slice(0, end!.at);
    const trims = comment ? comment[1] === '-' : end!.trims;
    pieces.push({ text });
    if (!comment) pieces.push({ action: inner.trim() });
    text = '';
    rest = rest.slice(comment ? comment[0].length : end!.after);
    if (trims) rest = rest.trimStart();
  }
}

function endOfAction(rest: string): { at: number; after: number; trims: boolean } {
  for (let i = 0; i < rest.length; i++) {
    const quoted = /^("(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*')/.exec(rest.slice(i));
    if (quoted) {
      i += quoted[0].length - 1;
      continue;
    }
    if (rest.startsWith('}}', i)) return { at: i, after: i + 2, trims: false };
    if (/^\s-\}\}/.test(rest.slice(i))) return { at: i, after: i + 4, trims: true };
  }
  throw new Error('unclosed action');
}

const tokenPattern =
  /\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|:=|[=|(),]|\$\w*(?:\.\w+)*|(?:\.\w+)+|\.|[-+]?(?:0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?)|\w+)/y;

function tokens(text: string): string[] {
  const found: string[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (!match) {
      if (text.slice(at).trim() === '') break;
      throw new Error(`unexpected ${JSON.stringify(text.slice(at).trim()[0])} in command`);
    }
    found.push(match[1]!);
  }
  return found;
}

export function pipeline(text: string): Pipeline {
  const all = tokens(text);
  if (all.length === 0) throw new Error('missing value for command');
  let at = 0;
  const result = read(undefined);
  if (at < all.length) throw new Error(`unexpected ${all[at]} in operand`);
  return result;

  function read(until: string | undefined): Pipeline {
    const { variables, declares } = declared();
    const commands: Operand[][] = [];
    let command: Operand[] = [];
    const push = (): void => {
      if (command.length === 0) throw new Error('missing value for command');
      commands.push(command);
      command = [];
    };
    while (at < all.length && all[at] !== until) {
      if (all[at] === '|') {
        at++;
        push();
      } else command.push(operand());
    }
    push();
    return { variables, declares, commands, text };
  }

  function declared(): { variables: string[]; declares: boolean } {
    const names: string[] = [];
    let look = at;
    while (/^\$\w*$/.test(all[look] ?? '')) {
      names.push(all[look++]!);
      if (all[look] === ',') look++;
      else break;
    }
    if (names.length === 0 || (all[look] !== ':=' && all[look] !== '=')) return { variables: [], declares: false };
    at = look + 1;
    return { variables: names, declares: all[look] === ':=' };
  }

  function operand(): Operand {
    const token = all[at++]!;
    if (token === '(') {
      const inner = read(')');
      if (all[at] !== ')') throw new Error('unclosed left paren');
      at++;
      const chained = /^(\.\w+)+$/.test(all[at] ?? '') ? all[at++]!.slice(1).split('.') : [];
      return { is: 'group', pipeline: inner, names: chained };
    }
    if (token === '.') return { is: 'dot' };
    if (token.startsWith('.')) return { is: 'field', names: token.slice(1).split('.') };
    if (token.startsWith('$')) {
      const [name = '', ...names] = token.split('.');
      return { is: 'variable', name, names };
    }
    if (/^["`]/.test(token)) return { is: 'literal', value: literalText(token) };
    if (token.startsWith("'")) return { is: 'literal', value: literalText(`"${token.slice(1, -1)}"`).codePointAt(0) };
    if (/^[-+]?\d/.test(token)) return { is: 'literal', value: Number(token.replaceAll('_', '')) };
    if (token === 'true' || token === 'false') return { is: 'literal', value: token === 'true' };
    if (token === 'nil') return { is: 'literal', value: null };
    if (/^\w+$/.test(token)) return { is: 'function', name: token };
    throw new Error(`unexpected ${JSON.stringify(token)} in operand`);
  }
}

function literalText(token: string): string {
  if (token.startsWith('`')) return token.slice(1, -1);
  return token.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{3}|.)/gs, (_, code: string) => {
    if (/^[xu]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
    return (
      ({ n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' } as Record<string, string>)[code] ?? code
    );
  });
}
