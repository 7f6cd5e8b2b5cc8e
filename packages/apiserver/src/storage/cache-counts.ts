import { Distribution } from '@coracle/process/series';

const waits = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3];

/** What happened to one resource's watch cache, as plain numbers: metrics read them when they are scraped. */
export class CacheCounts {
  /** How often the content was loaded, first and anew. */
  initializations = 0;
  /** Lists of the store that loads, and reads of the past, were made of, and the objects they brought. */
  readonly stored = { lists: 0, fetched: 0, evaluated: 0, returned: 0 };
  /** Changes the feed brought. */
  received = 0;
  /** Changes that were handed to watches. */
  dispatched = 0;
  /** Objects in the store that could not be read. */
  undecodable = 0;
  /** Lists served from the cache, and the objects they looked at and answered with. */
  readonly lists = { served: 0, fetched: 0, returned: 0 };
  /** Objects that watches began with. */
  initial = 0;
  /** Watches that were ended because their clients did not keep up. */
  overrun = 0;
  /** Consistent reads that were served, and those for which the cache did not become fresh in time. */
  readonly consistent = { served: 0, failed: 0 };
  /** Seconds reads waited for the cache to become fresh. */
  readonly wait = new Distribution(waits);
}

const eventSizes = [1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072];

/** What was sent to watches of one version of a resource. */
export class SentEvents {
  total = 0;
  /** In bytes. */
  readonly sizes = new Distribution(eventSizes);

  add(size: number): void {
    this.total++;
    this.sizes.observe(size);
  }
}
