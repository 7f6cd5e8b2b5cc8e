import type { Flag } from './flags.ts';

// biome-ignore lint/suspicious/noExplicitAny: showing a default needs no static type; each flag shows its own.
type AnyFlags = Readonly<Record<string, Flag<any>>>;

/** The flags in pflag's two columns, wrapped to `width` columns; hidden flags are left out. Ends with a line feed unless empty. */
export function flagUsages(flags: AnyFlags, width = 0): string {
  const rows = Object.entries(flags)
    .filter(([, flag]) => !flag.hidden)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => ({ left: leftColumn(name, flag), right: rightColumn(flag) }));
  const indent = Math.max(0, ...rows.map((row) => row.left.length)) + 3;
  return rows.map((row) => `${row.left.padEnd(indent)}${wrap(row.right, indent, width)}\n`).join('');
}

/** The flags under one heading per group (`Secure serving flags:`), as upstream's components print them. */
export function groupedUsages(flags: AnyFlags, width = 0): string {
  const groups = new Map<string, Record<string, Flag<unknown>>>();
  for (const [name, flag] of Object.entries(flags)) {
    const group = flag.group ?? 'global';
    const members = groups.get(group) ?? {};
    members[name] = flag;
    groups.set(group, members);
  }
  const heading = (group: string): string => `${group[0]!.toUpperCase()}${group.slice(1)} flags:`;
  return [...groups].map(([group, members]) => `\n${heading(group)}\n\n${flagUsages(members, width)}`).join('');
}

function leftColumn(name: string, flag: Flag<unknown>): string {
  const names = flag.shorthand ? `  -${flag.shorthand}, --${name}` : `      --${name}`;
  const quoted = /`([^`]*)`/.exec(flag.help);
  const type = quoted ? quoted[1]! : flag.type;
  const bare =
    flag.bare === undefined || flag.bare === 'true'
      ? ''
      : `[=${flag.type === 'string' ? JSON.stringify(flag.bare) : flag.bare}]`;
  return `${names}${type === '' ? '' : ` ${type}`}${bare}`;
}

function rightColumn(flag: Flag<unknown>): string {
  const shown = flag.show(flag.default);
  const text = flag.help.replace(/`([^`]*)`/, '$1');
  return `${text}${shown === '' ? '' : ` (default ${shown})`}${flag.deprecated ? ` (DEPRECATED: ${flag.deprecated})` : ''}`;
}

function wrap(text: string, indent: number, width: number): string {
  if (width === 0 || width - indent < 24) return text.replaceAll('\n', `\n${' '.repeat(indent)}`);
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width - indent) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
