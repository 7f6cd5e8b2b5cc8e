import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Says why Coracle cannot run on this machine at all, or nothing when it can. */
export function machineProblem() {
  if (process.platform !== 'linux') {
    return `Coracle runs containers with Linux namespaces and cgroups, and this is ${process.platform}. Run it on Linux, for instance in a Debian virtual machine.`;
  }
  if (process.arch !== 'x64' && process.arch !== 'arm64') {
    return `Coracle runs on x64 and arm64, and this machine is ${process.arch}.`;
  }
  if (Number(process.versions.node.split('.')[0]) < 18) {
    return `set-up needs Node.js 18 or later, and this is ${process.versions.node}. On Debian 12, 'apt-get install nodejs npm' gives 18.`;
  }
  return undefined;
}

/** The directories programs are looked for in: PATH and root's, which an ordinary user's PATH leaves out. */
const programDirectories = [
  ...new Set([...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin']),
];

const listings = new Map();

/** Where a program is on this machine, or undefined. */
export function findProgram(name) {
  if (name.startsWith('/'))
    return listed(join(name, '..')).has(name.slice(name.lastIndexOf('/') + 1)) ? name : undefined;
  const directory = programDirectories.find((it) => listed(it).has(name));
  return directory && join(directory, name);
}

/** Where a shared library is on this machine, or undefined. */
export function findLibrary(name) {
  const triplet = process.arch === 'x64' ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu';
  const directories = [`/usr/lib/${triplet}`, `/lib/${triplet}`, '/usr/lib64', '/lib64', '/usr/lib', '/lib'];
  const directory = directories.find((it) => listed(it).has(name));
  return directory && join(directory, name);
}

/** Forgets what was found, after packages were installed. */
export function lookAgain() {
  listings.clear();
}

function listed(directory) {
  let names = listings.get(directory);
  if (!names) {
    try {
      names = new Set(readdirSync(directory));
    } catch {
      names = new Set(); // not there or not readable: nothing to be found in it
    }
    listings.set(directory, names);
  }
  return names;
}
