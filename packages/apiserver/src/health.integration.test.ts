import { expect, it } from '@jest/globals';
import { eventually } from './testing/expectations.ts';
import { ownProgram } from './testing/own-program.ts';

const own = ownProgram(['--etcd-healthcheck-timeout=500ms', '--etcd-readycheck-timeout=500ms']);
const get = async (path: string) => {
  const { status, text } = await own.program.get(path);
  return { status, lines: text.split('\n').filter((line) => !line.includes(']poststarthook')) };
};

it('checks of health fail while etcd does not answer, say why to who asks for one alone, and can be left out', async () => {
  await own.etcd.stop();
  expect(await get('/livez')).toEqual({
    status: 500,
    lines: [
      '[+]ping ok',
      '[+]log ok',
      '[-]etcd failed: reason withheld',
      '[+]autoregister-completion ok',
      'livez check failed',
      '',
    ],
  });
  expect(await get('/readyz?exclude=etcd&exclude=nothing&exclude=else')).toEqual({
    status: 500,
    lines: [
      '[+]ping ok',
      '[+]log ok',
      '[+]etcd excluded: ok',
      '[-]etcd-readiness failed: reason withheld',
      '[+]informer-sync ok',
      '[+]autoregister-completion ok',
      '[+]shutdown ok',
      'warn: some health checks cannot be excluded: no matches for "else","nothing"',
      'readyz check failed',
      '',
    ],
  });
  expect(await get('/readyz?exclude=etcd&exclude=etcd-readiness')).toEqual({ status: 200, lines: ['ok'] });
  for (const path of ['/healthz/etcd', '/readyz/etcd-readiness']) {
    const { status, text } = await own.program.get(path);
    expect(status).toBe(500);
    expect(text).toMatch(/^internal server error: error getting data from etcd: .+\n$/);
  }
  expect((await own.program.get('/livez/ping')).text).toBe('ok');
  expect(own.program.log()).toContain('"msg":"Health check failed"');
  const slis = (await own.program.get('/metrics/slis')).text;
  expect(slis).toMatch(/^process_start_time_seconds \d+/m);
  expect(slis).toContain('kubernetes_healthcheck{name="etcd",type="livez"} 0\n');
  expect(slis).toContain('kubernetes_healthchecks_total{name="etcd",type="livez",status="error"} 1\n');

  await own.etcd.start();
  await eventually(async () => (await get('/readyz')).status === 200);
  expect((await own.program.get('/metrics/slis')).text).toContain(
    'kubernetes_healthcheck{name="etcd",type="readyz"} 1\n',
  );
});
