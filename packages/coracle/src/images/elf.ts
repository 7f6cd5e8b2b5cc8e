/** The shared libraries an ELF executable or library (64 bits, little endian) names as needed; none for a static one or no ELF at all. */
export function neededLibraries(file: Buffer): string[] {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) return [];
  const start = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  const segments = Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = start + index * size;
    const number = (offset: number) => Number(file.readBigUInt64LE(at + offset));
    return { type: file.readUInt32LE(at), offset: number(8), address: number(16), size: number(32) };
  });
  const dynamic = segments.find((it) => it.type === 2);
  if (!dynamic) return [];
  const needed: number[] = [];
  let strings = 0;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const tag = Number(file.readBigInt64LE(at));
    const value = Number(file.readBigUInt64LE(at + 8));
    if (tag === 0) break;
    if (tag === 1) needed.push(value);
    if (tag === 5) strings = value;
  }
  // The string table is given as an address in memory; the segment loaded there tells where it is in the file.
  const holder = segments.find((it) => it.type === 1 && strings >= it.address && strings < it.address + it.size);
  if (!holder) throw new Error('the dynamic string table is in no loaded segment');
  const table = strings - holder.address + holder.offset;
  return needed.map((it) => file.toString('latin1', table + it, file.indexOf(0, table + it)));
}
