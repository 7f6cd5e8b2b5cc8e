import { expect, it } from '@jest/globals';
import { answers, unanswered } from './probe.ts';

it('asks again until all have answered', async () => {
  const asked: string[] = [];
  const ask = async (address: string) => {
    asked.push(address);
    return asked.filter((each) => each === address).length >= Number(address.at(-1));
  };
  const never = new AbortController().signal;
  expect(await unanswered(['10.0.0.1', '10.0.0.3'], '10.0.0.9', never, ask)).toEqual([]);
  expect(asked.sort()).toEqual(['10.0.0.1', '10.0.0.3', '10.0.0.3', '10.0.0.3']);
});

it('tells who did not answer until the time is over', async () => {
  const over = new AbortController();
  const ask = async (address: string) => {
    if (address === '10.0.0.2') setImmediate(() => over.abort());
    await new Promise((resolve) => setImmediate(resolve));
    return address === '10.0.0.1';
  };
  expect(await unanswered(['10.0.0.1', '10.0.0.2'], '10.0.0.9', over.signal, ask)).toEqual(['10.0.0.2']);
});

it('a refusal is an answer', async () => {
  expect(await answers('127.0.0.1', '127.0.0.1')).toBe(true);
});
