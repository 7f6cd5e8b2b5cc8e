import { describe, expect, test } from '@jest/globals';
import { refuseVast, refuseVastPatch, refuseVastText } from './size-limit.ts';

const isKnown = (field: string) => field !== 'x';
const items = (count: number, item: string): string => `{"a":[${Array<string>(count).fill(item).join(',')}]}`;
const long = (text: string): string => `"${text.repeat(25)}"`;

describe('objects of very many parts that are too large for etcd are refused, before and after they are parsed', () => {
  test.each([
    ['texts', items(60_000, long('a'))],
    ['empty objects', items(600_000, '{}')],
    ['fields', `{${Array.from({ length: 60_000 }, (_, i) => `"${'k'.repeat(20)}${i}":{}`).join(',')}}`],
    ['texts with quotes', items(60_000, long('\\"'))],
  ])('%s', (_, text) => {
    expect(() => refuseVastText(Buffer.from(text), isKnown)).toThrow('etcdserver: request is too large');
    expect(() => refuseVast(JSON.parse(text))).toThrow('etcdserver: request is too large');
  });
});

describe('bodies are not refused before they are parsed', () => {
  test.each([
    ['that are large by what is between their parts', items(60_000, `\n${' '.repeat(40)}"a"`)],
    ['that are large by escapes', items(60_000, '"\\u0061\\u0061\\u0061\\u0061\\u0061\\u0061"')],
    ['that are large by the digits of numbers', items(60_000, `1.${'0'.repeat(40)}`)],
    ['whose large texts are few', items(49_000, long('aa'))],
    ['that are large by fields that are not known', `{"a":1,"x":[${Array(600_000).fill('{}').join(',')}],"b":2}`],
    ['whose texts look like many parts', `{"a":"${'[],{},'.repeat(300_000)}"}`],
    ['whose empty parts are few', items(40_000, `{ }${' '.repeat(40)}`)],
    ['that end within a text', `{"a":"${'[],'.repeat(600_000)}\\`],
  ])('%s', (_, text) => {
    expect(text.length).toBeGreaterThan(1.5 * 2 ** 20);
    expect(() => refuseVastText(Buffer.from(text), isKnown)).not.toThrow();
  });
});

describe('patches that say more than an object of etcd has room for are refused before they are parsed', () => {
  test.each([
    ['empty objects', items(800_000, '{}'), true],
    ['numbers', items(1_200_000, '1'), true],
    ['as many numbers as there is room for', items(780_000, '1'), false],
    ['one text that looks like many parts', `{"a":"${'1,'.repeat(1_200_000)}"}`, false],
  ])('%s', (_, text, isRefused) => {
    const refusal = expect(() => refuseVastPatch(Buffer.from(text)));
    if (isRefused) refusal.toThrow('etcdserver: request is too large');
    else refusal.not.toThrow();
  });
});
