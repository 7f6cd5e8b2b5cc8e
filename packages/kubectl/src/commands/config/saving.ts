import { existsSync } from 'node:fs';
import type { Call } from '../../cli/command.ts';
import { type Entry, emptyKubeconfig, type Kubeconfig } from '../../kubeconfig/config.ts';
import { loadFile, saveFile } from '../../kubeconfig/files.ts';

type Part = 'clusters' | 'users' | 'contexts';

/** The file that new entries go to: the first that exists, else the last one listed. */
export function defaultFile({ session }: Call): string {
  const { files } = session.locations;
  return files.find((file) => existsSync(file)) ?? files.at(-1)!;
}

const loadOrEmpty = (file: string): Kubeconfig => (existsSync(file) ? loadFile(file) : emptyKubeconfig());

/** Changes an entry in the file it came from, or adds it to the default file. */
export function saveEntry<T>(call: Call, part: Part, name: string, value: T): void {
  const known = call.session.startingConfig[part].get(name);
  const file = known?.file ?? defaultFile(call);
  const config = loadOrEmpty(file);
  (config[part] as unknown as Map<string, Entry<T>>).set(name, { value, file });
  saveFile(file, config);
}

/** Removes an entry from every file that has it. */
export function removeEntry(call: Call, part: Part, name: string): void {
  for (const file of call.session.locations.files) {
    if (!existsSync(file)) continue;
    const config = loadFile(file);
    if (config[part].delete(name)) saveFile(file, config);
  }
}

/** Sets current-context in the file that sets it now, or in the default file. */
export function saveCurrentContext(call: Call, name: string): void {
  const setter = call.session.locations.files.find((file) => existsSync(file) && loadFile(file).currentContext !== '');
  const file = setter ?? defaultFile(call);
  const config = loadOrEmpty(file);
  config.currentContext = name;
  saveFile(file, config);
}
