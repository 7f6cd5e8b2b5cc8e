import { type Entry, type Tree, text } from './tree.ts';

/** What programs expect of any system: users, hosts by file, and a /tmp. */
export function systemFiles(users: readonly { name: string; id: number; home: string }[]): Tree {
  const passwd = [
    'root:x:0:0:root:/root:/bin/sh',
    ...users.map((it) => `${it.name}:x:${it.id}:${it.id}::${it.home}:/bin/false`),
    'nobody:x:65534:65534:nobody:/nonexistent:/bin/false',
  ];
  const group = ['root:x:0:', 'tty:x:5:', ...users.map((it) => `${it.name}:x:${it.id}:`), 'nogroup:x:65534:'];
  return new Map<string, Entry>([
    ['etc/passwd', text(`${passwd.join('\n')}\n`)],
    ['etc/group', text(`${group.join('\n')}\n`)],
    ['etc/nsswitch.conf', text('passwd: files\ngroup: files\nhosts: files dns\n')],
    ['root', { type: 'directory', mode: 0o700 }],
    ['tmp', { type: 'directory', mode: 0o1777 }],
  ]);
}
