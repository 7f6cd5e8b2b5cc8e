import { expect, it } from '@jest/globals';
import { connectEtcd } from './connection.ts';

const none = { caFile: '', certFile: '', keyFile: '' };
const https = ['https://10.0.0.1:2379'];

for (const [message, access] of [
  ['--etcd-endpoints: at least one is required', { ...none, endpoints: [] }],
  ['--etcd-endpoints: "10.0.0.1:2379" is no URL', { ...none, endpoints: ['10.0.0.1:2379'] }],
  ['--etcd-endpoints: must be all https, or all http', { ...none, endpoints: [...https, 'http://10.0.0.2:2379'] }],
  ['--etcd-certfile and --etcd-keyfile must be given together', { ...none, endpoints: https, certFile: '/x.crt' }],
  [
    '--etcd-cafile and --etcd-certfile are for https endpoints only',
    { ...none, endpoints: ['http://10.0.0.1:2379'], caFile: '/x.crt' },
  ],
  ['--etcd-cafile: ENOENT: no such file or directory', { ...none, endpoints: https, caFile: '/no/ca.crt' }],
] as const) {
  it(`refuses: ${message}`, () => expect(() => connectEtcd(access)).toThrow(message));
}
