/**
 * JSON text indented by two spaces a level; numbers and strings stay as they are written (parsing would lose digits). The text must be valid. A blank
 * between tokens is dropped, empty objects and lists stay on one line.
 */
export function indentJson(json: string): string {
  const lines: string[] = [];
  let line = '';
  let depth = 0;
  const end = () => {
    lines.push(line);
    line = '  '.repeat(depth);
  };
  const tokens = json.match(tokenPattern) ?? [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token === '{' || token === '[') {
      const closing = tokens[i + 1];
      line += token;
      if (closing === '}' || closing === ']') {
        line += closing;
        i++;
        continue;
      }
      depth++;
      end();
    } else if (token === '}' || token === ']') {
      depth--;
      end();
      line += token;
    } else if (token === ',') {
      line += token;
      end();
    } else line += token === ':' ? ': ' : token;
  }
  return [...lines, line].join('\n');
}

const tokenPattern = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
