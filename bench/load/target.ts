/** An API server that is measured. */
export interface Target {
  /** Origin, `https://127.0.0.1:6443`. */
  url: string;
  /** A bearer token that may do everything; empty for none. */
  token: string;
  /** Its process, where its memory is to be read. */
  pid?: number;
}

/** A collection of objects that all measured servers have, and how its objects look. */
export interface Collection {
  path: string;
  apiVersion: string;
  kind: string;
}

export const nameOf = (number: number): string => `bench-${String(number).padStart(6, '0')}`;

/** Object `number` of a collection, some 1.5 KB as it is stored. */
export function objectOf({ apiVersion, kind }: Collection, number: number): string {
  return JSON.stringify({
    apiVersion,
    kind,
    metadata: { name: nameOf(number), labels: { app: String(number % 10) }, annotations: { gen: '0' } },
    data: { payload: 'x'.repeat(1024) },
  });
}
