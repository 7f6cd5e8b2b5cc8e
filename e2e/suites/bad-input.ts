import { request } from 'node:https';
import type { Status } from '@coracle/api/types/meta/v1';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Cluster, launcher, run } from '../cluster.ts';

/** What the API server of a real cluster answers to what it cannot take: upstream's Status, and nothing changes. */
export function badInput(cluster: Cluster): void {
  const collection = '/api/v1/namespaces/default/configmaps';

  /** POSTs a body as it is, with the token of a service account that may edit. */
  async function post(body: string, query = ''): Promise<{ code: number; status: Status; warning?: string }> {
    const server = (await cluster.status()).server;
    const token = (await cluster.must(['create', 'token', 'default'])).trim();
    return new Promise((resolve, reject) => {
      const call = request(
        `${server}${collection}${query}`,
        {
          method: 'POST',
          rejectUnauthorized: false,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
          answer.on('end', () =>
            resolve({
              code: answer.statusCode ?? 0,
              status: JSON.parse(text),
              warning: answer.headers['warning'] as string,
            }),
          );
        },
      );
      call.on('error', reject).end(body);
    });
  }
  const exists = async (name: string) => (await cluster.kubectl(['get', 'configmap', name])).code === 0;

  describe('bad input', () => {
    beforeAll(async () => {
      await cluster.must([
        'create',
        'clusterrolebinding',
        'tester',
        '--clusterrole=edit',
        '--serviceaccount=default:default',
      ]);
    });

    it.each<[string, string, string, number, RegExp]>([
      [
        'an unknown field, strictly',
        '{"metadata":{"name":"bad"},"dat":{}}',
        '?fieldValidation=Strict',
        400,
        /strict decoding error: unknown field "dat"/,
      ],
      [
        'a duplicate field, strictly',
        '{"metadata":{"name":"bad"},"data":{},"data":{}}',
        '?fieldValidation=Strict',
        400,
        /strict decoding error: duplicate field "data"/,
      ],
      [
        'a wrong type',
        '{"metadata":{"name":"bad"},"data":{"a":1}}',
        '',
        400,
        /json: cannot unmarshal number into Go struct field ConfigMap\.data of type string/,
      ],
      [
        'a missing name',
        '{"metadata":{}}',
        '',
        422,
        /^ConfigMap "" is invalid: metadata\.name: Required value: name or generateName is required$/,
      ],
      ['a truncated body', '{"metadata":{"name":"ba', '', 400, /unexpected (end of JSON input|EOF)/],
      [
        'another kind',
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"bad"}}',
        '',
        400,
        /Pod in version "v1" cannot be handled as a ConfigMap/,
      ],
      [
        'a withdrawn version',
        '{"apiVersion":"v1beta3","kind":"ConfigMap","metadata":{"name":"bad"}}',
        '',
        400,
        /no kind "ConfigMap" is registered for version "v1beta3"|does not match the expected API version/,
      ],
      [
        'too many bytes',
        `{"metadata":{"name":"bad"},"data":{"a":"${'x'.repeat(3 << 20)}"}}`,
        '',
        413,
        /limit is 3145728/,
      ],
      [
        'too deep a value',
        `{"metadata":{"name":"bad"},"data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
        '',
        400,
        /exceeded max depth/,
      ],
    ])('refuses %s', async (_name, body, query, code, message) => {
      const answer = await post(body, query);
      expect([answer.code, answer.status.message]).toEqual([code, expect.stringMatching(message)]);
      expect(answer.status).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });
      expect(await exists('bad')).toBe(false);
    });

    it('warns of unknown fields by default, and takes the rest', async () => {
      const answer = await post('{"metadata":{"name":"warned"},"dat":{}}');
      expect(answer.code).toBe(201);
      expect(answer.warning).toBe('299 - "unknown field \\"dat\\""');
    });

    it('keeps what may not change', async () => {
      const outcome = await cluster.kubectl([
        'patch',
        'deployment',
        'nginx-deployment',
        '--type=merge',
        '-p',
        '{"spec":{"selector":{"matchLabels":{"app":"other"}},"template":{"metadata":{"labels":{"app":"other"}}}}}',
      ]);
      expect(outcome.stderr).toMatch(
        /^The Deployment "nginx-deployment" is invalid: spec\.selector: Invalid value: .*: field is immutable\n$/,
      );
    });

    it('tells appliers of their conflicts', async () => {
      const manifest = (value: string) =>
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {key: ${value}}\n`;
      await cluster.apply(manifest('one'), '--server-side', '--field-manager=first');
      const theirs = await run(launcher('kubectl'), ['apply', '--server-side', '--field-manager=second', '-f', '-'], {
        input: manifest('two'),
        env: { KUBECONFIG: cluster.kubeconfig },
      });
      expect(theirs.code).toBe(1);
      expect(theirs.stderr).toContain('Apply failed with 1 conflict: conflict with "first": .data.key');
      await cluster.apply(manifest('two'), '--server-side', '--field-manager=second', '--force-conflicts');
    });
  });
}
