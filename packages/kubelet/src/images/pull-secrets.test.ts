import { parseReference } from '@coracle/api/core/image-reference';
import { describe, expect, it } from '@jest/globals';
import { credentialsFor } from './pull-secrets.ts';

describe('pull secrets', () => {
  const secret = (auths: Record<string, object>) => ({
    metadata: { name: 's' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) },
  });
  const user = (username: string) => ({ auth: btoa(`${username}:pw:with:colons`) });
  const find = (image: string, ...secrets: ReturnType<typeof secret>[]): (string | undefined)[] =>
    credentialsFor(parseReference(image)!, secrets, () => undefined).map((each) => each.username);

  it('fit by host, path and glob, the longest path first', () => {
    const all = secret({
      'https://index.docker.io/v1/': user('hub'),
      'quay.io': user('quay'),
      'quay.io/team': user('team'),
      '*.example.com': user('glob'),
      'example.com:5000': user('port'),
    });
    expect(find('nginx', all)).toEqual(['hub']);
    expect(find('quay.io/team/app', all)).toEqual(['team', 'quay']);
    expect(find('quay.io/teamwork/app', all)).toEqual(['quay']);
    expect(find('eu.example.com/app', all)).toEqual(['glob']);
    expect(find('example.com/app', all)).toEqual([]);
    expect(find('a.b.example.com/app', all)).toEqual([]);
    expect(find('example.com:5000/app', all)).toEqual(['port']);
  });

  it('keep colons in passwords', () => {
    const [found] = credentialsFor(parseReference('quay.io/a')!, [secret({ 'quay.io': user('u') })], () => undefined);
    expect(found).toEqual({ username: 'u', password: 'pw:with:colons' });
  });

  it('that cannot be read are told', () => {
    const told: string[] = [];
    const broken = { metadata: { name: 'broken' }, data: { '.dockerconfigjson': btoa('{') } };
    expect(credentialsFor(parseReference('a')!, [broken], (each) => told.push(each.metadata.name!))).toEqual([]);
    expect(told).toEqual(['broken']);
  });
});
