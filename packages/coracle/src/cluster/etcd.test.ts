import { expect, it } from '@jest/globals';
import { parseMembers } from './etcd.ts';

it('members of etcd are read as etcdctl lists them, those that have not started too', () => {
  const list = `6c0e3b2fb4c7cfd3, started, dev-1, https://172.30.0.2:2380, https://172.30.0.2:2379, false
e942f75ad6f00855, unstarted, , https://172.30.0.3:2380,https://10.0.0.3:2380, , true
`;
  expect(parseMembers(list)).toEqual([
    { id: '6c0e3b2fb4c7cfd3', name: 'dev-1', peerUrls: ['https://172.30.0.2:2380'], learner: false },
    { id: 'e942f75ad6f00855', name: '', peerUrls: ['https://172.30.0.3:2380', 'https://10.0.0.3:2380'], learner: true },
  ]);
});
