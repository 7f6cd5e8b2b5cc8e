import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressIn, formatNetwork, overlap, parseNetwork } from './addresses.ts';
import { capabilitiesOf } from './capabilities.ts';
import { nameServers } from './links.ts';
import { parseMounts, partsOfRoot } from './mounts.ts';
import { identify, isSame } from './processes.ts';
import { CommandError, quoted, run } from './run.ts';

describe('networks', () => {
  const network = fc
    .tuple(fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 }))
    .map(([address, length]) => parseNetwork(formatNetwork({ base: address, length })));

  it('read as they are written', () => {
    fc.assert(fc.property(network, (it) => expect(parseNetwork(formatNetwork(it))).toEqual(it)));
    expect(parseNetwork('10.96.1.2/16')).toEqual(parseNetwork('10.96.0.0/16'));
    expect(formatNetwork(parseNetwork('192.168.0.7'))).toBe('192.168.0.7/32');
    for (const bad of ['', 'fd00::/8', '10.0.0.256/8', '10.0.0.0/33', '10.0.0/8'])
      expect(() => parseNetwork(bad)).toThrow();
  });

  it('overlap exactly when one holds the first address of the other', () => {
    fc.assert(
      fc.property(network, network, (a, b) => {
        const holds = (outer: typeof a, inner: typeof a) =>
          outer.length <= inner.length &&
          parseNetwork(`${formatNetwork(inner).split('/')[0]}/${outer.length}`).base === outer.base;
        expect(overlap(a, b)).toBe(holds(a, b) || holds(b, a));
        expect(overlap(b, a)).toBe(overlap(a, b));
      }),
    );
  });

  it('have addresses and subnets by number', () => {
    expect(addressIn('10.96.0.0/16', 10)).toBe('10.96.0.10');
  });
});

it('capabilities are those both effective and bounding', () => {
  const status = 'Name:\tx\nCapEff:\t000001fffeffffff\nCapBnd:\t0000000000000401\n';
  expect(capabilitiesOf(status)).toEqual(['CAP_CHOWN', 'CAP_NET_BIND_SERVICE']);
  expect(capabilitiesOf('CapEff:\t000001fffeffffff\nCapBnd:\t000001fffeffffff\n')).not.toContain('CAP_SYS_RESOURCE');
});

it('mount tables are read with their escapes, and parts of the root found in them', () => {
  const mounts = parseMounts(
    [
      '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      '28 27 0:25 / /mnt/with\\040space ro,nosuid shared:3 - tmpfs none ro',
      '29 27 254:1 / /usr ro - ext4 /dev/vdb ro',
      '30 27 254:2 / /usrx ro - ext4 /dev/vdc ro',
      '',
    ].join('\n'),
  );
  expect(mounts.map((it) => it.point)).toEqual(['/', '/mnt/with space', '/usr', '/usrx']);
  expect(mounts[1]).toEqual({ point: '/mnt/with space', type: 'tmpfs', source: 'none' });
  expect(partsOfRoot(mounts)).toEqual(['/usr']);
});

it('name servers are found in a resolv.conf', () => {
  expect(nameServers('# nameserver 9.9.9.9\nsearch x\nnameserver 10.0.0.1\n  nameserver fd00::1 # two\n')).toEqual([
    '10.0.0.1',
    'fd00::1',
  ]);
});

describe('programs', () => {
  it('give their output, or an error with what they wrote to stderr', async () => {
    expect(await run(['cat'], { input: 'in and out' })).toBe('in and out');
    const failed = run(['sh', '-c', 'echo why >&2; exit 3']);
    await expect(failed).rejects.toThrow(CommandError);
    await expect(failed).rejects.toMatchObject({ code: 3, stderr: 'why\n' });
    await expect(run(['/no/such/program'])).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is killed when its time is over', async () => {
    await expect(run(['sleep', '600'], { timeout: 50 })).rejects.toMatchObject({
      name: 'CommandError',
      code: 'SIGKILL',
    });
  });

  it('are quoted for the shell so that every word survives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ maxLength: 20 }).filter((it) => !it.includes('\0')),
        async (word) => {
          expect(await run(['sh', '-c', `printf %s ${quoted(word)}`])).toBe(word);
        },
      ),
      { numRuns: 20 },
    );
  });
});

it('a process is known by number and start, and not for another that has its number', () => {
  const own = identify(process.pid)!;
  expect(isSame(own)).toBe(true);
  expect(isSame({ ...own, startTime: '1' })).toBe(false);
});
