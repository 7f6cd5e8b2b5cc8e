/** What came out of the store, and whether it would be written in another way today. */
export interface Opened {
  value: Buffer;
  stale: boolean;
}

/** Turns what is to be kept into what the store is given, and back. Both throw where that is not possible; `key` is the entry's, to which a value may be bound. */
export interface Transformer {
  seal(value: Buffer, key: string): Buffer;
  open(stored: Buffer, key: string): Opened;
}

/** One way of writing, known by how it begins. */
export interface Prefixed {
  prefix: Buffer;
  transformer: Transformer;
}

/** Told of every value that went through: how its way begins, and how long that took or what was wrong. */
export interface TransformationObserver {
  transformed(type: 'to_storage' | 'from_storage', prefix: string, seconds: number, error?: unknown): void;
}

/**
 * Writes as the first of several ways does, and reads what any of them wrote. `unknown` is the error for what none wrote. A way without a prefix
 * reads whatever the others before it could not.
 */
export function byPrefix(ways: readonly Prefixed[], unknown: string, observer?: TransformationObserver): Transformer {
  const [first] = ways;
  if (!first) throw new Error('at least one way is needed to write');
  return {
    seal(value, key) {
      const sealed = observed(observer, 'to_storage', first.prefix, () => first.transformer.seal(value, key));
      return first.prefix.length === 0 ? sealed : Buffer.concat([first.prefix, sealed]);
    },
    open(stored, key) {
      const failures: unknown[] = [];
      for (const [i, { prefix, transformer }] of ways.entries()) {
        if (!startsWith(stored, prefix)) continue;
        try {
          const { value, stale } = observed(observer, 'from_storage', prefix, () =>
            transformer.open(stored.subarray(prefix.length), key),
          );
          return { value, stale: stale || i > 0 };
        } catch (error) {
          failures.push(error); // two keys may have one name
        }
      }
      if (failures.length > 0) throw joined(failures);
      const error = new Error(unknown);
      observer?.transformed('from_storage', 'unknown', 0, error);
      throw error;
    },
  };
}

const encrypted = Buffer.from('k8s:enc:');

/** Keeps values as they are; refuses to read what another way wrote. */
export const identity: Transformer = {
  seal: (value) => value,
  open(stored) {
    if (startsWith(stored, encrypted)) throw new Error('identity transformer tried to read encrypted data');
    return { value: stored, stale: false };
  },
};

function startsWith(value: Buffer, prefix: Buffer): boolean {
  return value.length >= prefix.length && value.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

function observed<T>(
  observer: TransformationObserver | undefined,
  type: 'to_storage' | 'from_storage',
  prefix: Buffer,
  run: () => T,
): T {
  if (!observer) return run();
  const name = prefix.length === 0 ? 'identity' : prefix.toString();
  const start = performance.now();
  try {
    const result = run();
    observer.transformed(type, name, (performance.now() - start) / 1000);
    return result;
  } catch (error) {
    observer.transformed(type, name, 0, error);
    throw error;
  }
}

function joined(failures: readonly unknown[]): Error {
  const messages = [...new Set(failures.map((each) => (each as Error).message))];
  return new Error(messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`);
}
