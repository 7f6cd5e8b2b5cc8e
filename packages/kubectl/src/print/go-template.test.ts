import { describe, expect, it } from '@jest/globals';
import { executeGoTemplate, parseGoTemplate } from './go-template.ts';

const data = {
  name: 'web',
  replicas: 3,
  labels: { b: '2', a: '1' },
  list: ['x', 'y'],
  empty: [],
  html: '<i>',
  data: 'aGk=',
};
const run = (source: string, allowMissing = true): string =>
  executeGoTemplate(parseGoTemplate(source), data, { allowMissing, source });

describe('Go templates', () => {
  it.each([
    ['{{.name}}', 'web'],
    ['{{ .name -}}   x', 'webx'],
    ['a  {{- .name}}', 'aweb'],
    ['{{/* nothing */}}{{.replicas}}', '3'],
    ['{{range .list}}[{{.}}]{{end}}', '[x][y]'],
    ['{{range $i, $v := .list}}{{$i}}{{$v}} {{$.name}};{{end}}', '0x web;1y web;'],
    ['{{range $k, $v := .labels}}{{$k}}{{$v}}{{end}}', 'a1b2'],
    ['{{range .empty}}x{{else}}none{{end}}', 'none'],
    ['{{range .list}}{{if eq . "y"}}{{break}}{{end}}{{.}}{{end}}', 'x'],
    ['{{if .nope}}a{{else if eq .name "web"}}b{{else}}c{{end}}', 'b'],
    ['{{with .labels}}{{.a}}{{end}}', '1'],
    ['{{with $x := .name}}{{$x}}{{end}}', 'web'],
    ['{{$x := 1}}{{$x = 2}}{{$x}}', '2'],
    ['{{.nope}} {{.nope.more}}', '<no value> <no value>'],
    ['{{len .list}} {{index .list 1}} {{index .labels "a"}}', '2 y 1'],
    ['{{printf "%s-%03d|%-5s|%5s|%q|%v" .name 7 "ab" "cd" "e" .list}}', 'web-007|ab   |   cd|"e"|[x y]'],
    ['{{.name | printf "%s!" | print "x"}}', 'xweb!'],
    ['{{and .name .replicas}} {{or .nope "z"}} {{not .nope}}', '3 z true'],
    ['{{gt .replicas 2}} {{le .replicas 2}} {{ne .name "a"}} {{eq .name "a" "web"}}', 'true false true true'],
    ['{{html .html}} {{.html | urlquery}}', '&lt;i&gt; %3Ci%3E'],
    ['{{base64decode .data}} {{exists . "labels" "a"}} {{exists . "labels" "z"}}', 'hi true false'],
    ['{{(index .list 0) | len}} {{(print "ab").x}}', undefined],
    ['{{define "t"}}<{{.}}>{{end}}{{template "t" .name}}', '<web>'],
    ['{{`raw`}} {{"q\\n"}}{{true}} {{.labels}}', 'raw q\ntrue map[a:1 b:2]'],
  ])('%s', (source, expected) => {
    if (expected === undefined) expect(() => run(source)).toThrow("can't evaluate field x in type string");
    else expect(run(source)).toBe(expected);
  });

  it.each([
    ['{{.name', 'unclosed action'],
    ['{{if .name}}', 'unexpected EOF'],
    ['{{end}}', 'unexpected {{end}}'],
    ['{{nope .name}}', 'function "nope" not defined'],
    ['{{index .list 9}}', 'index out of range: 9'],
    ['{{template "nope"}}', 'template "nope" not defined'],
    ['{{$nope}}', 'undefined variable "$nope"'],
  ])('%s is an error', (source, message) => {
    expect(() => run(source)).toThrow(message);
  });

  it('may insist on fields', () => {
    expect(() => run('{{.nope}}', false)).toThrow('map has no entry for key "nope"');
  });
});
