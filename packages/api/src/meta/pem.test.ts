import { expect, it } from '@jest/globals';
import { pemBlocks } from './pem.ts';

const block = (type: string, body: string) => `-----BEGIN ${type}-----\n${body}\n-----END ${type}-----\n`;
const found = (text: string) => pemBlocks(text).map(({ type, bytes }) => [type, bytes.toString()]);

it.each<[string, string, [string, string][]]>([
  [
    'one after another',
    `${block('A', 'YQ==')}text\n${block('B C', 'Yg\n==')}`,
    [
      ['A', 'a'],
      ['B C', 'b'],
    ],
  ],
  ['lines that end as elsewhere', block('A', 'YQ==').replaceAll('\n', '\r\n'), [['A', 'a']]],
  ['headers', block('A', 'Proc-Type: 4\n\nYQ=='), [['A', 'a']]],
  ['an empty body', block('A', ''), [['A', '']]],
  ['no end', '-----BEGIN A-----\nYQ==\n', []],
  ['the end of another', `-----BEGIN A-----\nYQ==\n-----END B-----\n${block('C', 'Yw==')}`, [['C', 'c']]],
  ['a beginning in a body', `-----BEGIN A-----\n${block('B', 'Yg==')}`, [['B', 'b']]],
  ['no base64', block('A', 'Y*==') + block('B', 'Yg='), []],
  ['a beginning within a line', `x${block('A', 'YQ==')}`, []],
])('blocks are found in a text with %s', (_, text, blocks) => {
  expect(found(text)).toEqual(blocks);
});
