/**
 * The program of the pause image: PID 1 of every pod. It holds the pod's namespaces, reaps what is orphaned when containers share its
 * process namespace, and ends at once on SIGTERM or SIGINT. Written in machine code because a machine that runs Coracle need not have a
 * compiler, and because so each pod's share of it is one page of memory:
 *
 *   block SIGINT, SIGTERM and SIGCHLD, so that they wait for us
 *   loop: signal = rt_sigtimedwait(set)
 *         signal is SIGCHLD: wait4(-1, WNOHANG) until nobody is left, loop
 *         signal is an error (interrupted): loop
 *         exit(0)
 */
const programs = {
  x64: {
    machine: 62,
    code: bytes(`
      48 8d 35 4a 00 00 00   lea  rsi, [rip+set]      rt_sigprocmask(SIG_BLOCK, &set, NULL, 8)
      31 ff                  xor  edi, edi
      31 d2                  xor  edx, edx
      6a 08 41 5a            push 8; pop r10
      6a 0e 58               push 14; pop rax
      0f 05                  syscall
      48 8d 3d 36 00 00 00   lea  rdi, [rip+set]      loop: rt_sigtimedwait(&set, NULL, NULL, 8)
      31 f6                  xor  esi, esi
      31 d2                  xor  edx, edx
      6a 08 41 5a            push 8; pop r10
      b8 80 00 00 00         mov  eax, 128
      0f 05                  syscall
      83 f8 11               cmp  eax, 17             SIGCHLD
      74 0c                  je   reap
      83 f8 00               cmp  eax, 0
      7c e0                  jl   loop
      31 ff                  xor  edi, edi            exit(0)
      6a 3c 58               push 60; pop rax
      0f 05                  syscall
      6a ff 5f               push -1; pop rdi         reap: wait4(-1, NULL, WNOHANG, NULL)
      31 f6                  xor  esi, esi
      6a 01 5a               push 1; pop rdx
      45 31 d2               xor  r10d, r10d
      6a 3d 58               push 61; pop rax
      0f 05                  syscall
      85 c0                  test eax, eax
      7f ec                  jg   reap
      eb c3                  jmp  loop
      02 40 01 00 00 00 00 00                         set: SIGINT, SIGTERM, SIGCHLD
    `),
  },
  arm64: {
    machine: 183,
    code: bytes(`
      00 00 80 d2            mov  x0, 0               rt_sigprocmask(SIG_BLOCK, &set, NULL, 8)
      41 03 00 10            adr  x1, set
      02 00 80 d2            mov  x2, 0
      03 01 80 d2            mov  x3, 8
      e8 10 80 d2            mov  x8, 135
      01 00 00 d4            svc  0
      a0 02 00 10            adr  x0, set             loop: rt_sigtimedwait(&set, NULL, NULL, 8)
      01 00 80 d2            mov  x1, 0
      02 00 80 d2            mov  x2, 0
      03 01 80 d2            mov  x3, 8
      28 11 80 d2            mov  x8, 137
      01 00 00 d4            svc  0
      1f 44 00 71            cmp  w0, 17              SIGCHLD
      a0 00 00 54            b.eq reap
      00 ff ff 37            tbnz w0, 31, loop
      00 00 80 d2            mov  x0, 0               exit(0)
      a8 0b 80 d2            mov  x8, 93
      01 00 00 d4            svc  0
      00 00 80 92            mov  x0, -1              reap: wait4(-1, NULL, WNOHANG, NULL)
      01 00 80 d2            mov  x1, 0
      22 00 80 d2            mov  x2, 1
      03 00 80 d2            mov  x3, 0
      88 20 80 d2            mov  x8, 260
      01 00 00 d4            svc  0
      1f 00 00 71            cmp  w0, 0
      2c ff ff 54            b.gt reap
      ec ff ff 17            b    loop
      02 40 01 00 00 00 00 00                         set: SIGINT, SIGTERM, SIGCHLD
    `),
  },
};

/** The architectures images can be built for. */
export type Architecture = keyof typeof programs;

/** The static ELF executable for an architecture: one loadable segment that holds the headers and the code. */
export function pauseProgram(architecture: Architecture): Buffer {
  const { machine, code } = programs[architecture];
  const base = 0x400000n;
  const headers = 64 + 56;
  const file = Buffer.alloc(headers + code.length);
  file.write('\x7fELF\x02\x01\x01', 'latin1'); // 64 bits, little endian, version 1
  file.writeUInt16LE(2, 16); // an executable
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(base + BigInt(headers), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers follow
  file.writeUInt16LE(64, 52); // size of this header
  file.writeUInt16LE(56, 54); // size of a program header
  file.writeUInt16LE(1, 56); // and how many there are
  file.writeUInt32LE(1, 64); // to be loaded,
  file.writeUInt32LE(5, 68); // readable and executable,
  file.writeBigUInt64LE(base, 64 + 16); // at this address,
  file.writeBigUInt64LE(base, 64 + 24);
  file.writeBigUInt64LE(BigInt(file.length), 64 + 32); // the whole file
  file.writeBigUInt64LE(BigInt(file.length), 64 + 40);
  file.writeBigUInt64LE(0x1000n, 64 + 48); // page
  code.copy(file, headers);
  return file;
}

/** The bytes at the beginning of each line of a listing. */
function bytes(listing: string): Buffer {
  const hex = listing
    .split('\n')
    .map((line) => /^\s*((?:[0-9a-f]{2} )*(?:[0-9a-f]{2}))(?=\s{2,}|$)/.exec(line)?.[1] ?? '')
    .join('');
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}
