import type { AnyKind } from '@coracle/api/kind';
import { internalError, StatusError } from '@coracle/api/meta/status';
import { SentEvents } from './cache-counts.ts';
import { CachedObject } from './cached-object.ts';
import type { Feed } from './feed.ts';
import type { Filter } from './filter.ts';
import type { CacheEvent } from './history.ts';
import type { CacheListener, ResourceCache } from './resource-cache.ts';

/** How watch events are written for a set of watchers: which version, which form (whole objects, tables, metadata). */
export interface EventEncoding {
  /** Equal keys encode equally. */
  readonly key: string;
  /** An object as a watch event carries it. */
  event(object: CachedObject): Buffer;
  /** A bookmark's object. */
  bookmark(revision: number, annotations?: Record<string, string>): Buffer;
  /** The object of an error. */
  status(error: StatusError): Buffer;
  /** An event around its object, as it goes over the wire. */
  frame(type: string, object: Buffer): Buffer;
}

/** Where a watcher's frames go. */
export interface FrameSink {
  /** Takes a frame; false: take no more until `drained`. */
  write(frame: Buffer): boolean;
  /** Calls back once, when more may be written. */
  drained(callback: () => void): void;
  /** No more frames will come; `why` is for the log and metrics. */
  end(why: 'timeout' | 'overrun' | 'reload' | 'shutdown' | 'error'): void;
}

export interface WatchOptions {
  /** Only later changes are sent. */
  revision: number;
  bookmarks: boolean;
  /** When to end, in milliseconds since the epoch. */
  deadline: number;
}

/** A watch that has been opened. */
export interface Watcher {
  close(): void;
}

/** Events as they go over the wire, one after the other; empty where a watcher sees none of them. */
interface Frames {
  readonly bytes: Buffer;
  /** The length of each. */
  readonly sizes: readonly number[];
}

const catchUpEvents = 500;
const lastBookmark = 2_000;

/** How often watchers that asked for bookmarks get one, in milliseconds. */
export const bookmarkPeriod = 60_000;

/**
 * The watchers of one resource. Watchers with the same filter and encoding share a channel: a batch of changes is matched and
 * encoded once for all of them, and each gets the same buffer. A watcher that cannot take more is set aside and later catches up
 * from the cache's history, which so is its queue; when history no longer reaches back to it, it is ended (clients resume).
 */
export class WatchHub implements CacheListener {
  readonly #cache: ResourceCache;
  readonly #feed: Feed;
  readonly #channels = new Map<string, Channel>();
  /** How many watches there are of a place: `/` of everything, `namespace/`, `namespace/name`, `/name`. */
  readonly #places = new Map<string, number>();
  readonly #sent = new Map<AnyKind, SentEvents>();
  readonly #bookmarkPeriod: number;
  readonly #timer: NodeJS.Timeout;

  constructor(cache: ResourceCache, feed: Feed, period = bookmarkPeriod) {
    this.#cache = cache;
    this.#feed = feed;
    this.#bookmarkPeriod = period;
    cache.listen(this);
    this.#timer = setInterval(() => this.tick(Date.now()), Math.min(1_000, period));
    this.#timer.unref();
  }

  /** How many watches are open. */
  get size(): number {
    let size = 0;
    for (const channel of this.#channels.values()) size += channel.members.size;
    return size;
  }

  /** What was sent to watches, by the version they are in. */
  get sent(): ReadonlyMap<AnyKind, SentEvents> {
    return this.#sent;
  }

  /** Where to count what is sent to watches of a kind; those that begin with what there is send it themselves. */
  sentOf(kind: AnyKind): SentEvents {
    let sent = this.#sent.get(kind);
    if (!sent) {
      sent = new SentEvents();
      this.#sent.set(kind, sent);
    }
    return sent;
  }

  /**
   * How many watches may see a change of an object, as far as its place tells. Those of the pods of one node are left out: of all nodes', a change
   * concerns one.
   */
  interested(namespace: string, name: string): number {
    const of = (place: string) => this.#places.get(place) ?? 0;
    const anywhere = of('/') + (name === '' ? 0 : of(`/${name}`));
    if (namespace === '') return anywhere;
    return anywhere + of(`${namespace}/`) + (name === '' ? 0 : of(`${namespace}/${name}`));
  }

  /** Sends what happened after `options.revision`, then everything that happens. The caller has checked the revision is not too old. */
  open(filter: Filter, encoding: EventEncoding, sink: FrameSink, options: WatchOptions): Watcher {
    const key = `${encoding.key}|${filter.key}`;
    let channel = this.#channels.get(key);
    if (!channel) {
      channel = new Channel(filter, encoding, this.sentOf(filter.kind));
      this.#channels.set(key, channel);
    }
    const member = new Member(channel, this.#cache, sink, options, Date.now(), this.#bookmarkPeriod, () =>
      this.#leave(key, member),
    );
    channel.members.add(member);
    this.#count(filter, 1);
    member.catchUp();
    return member;
  }

  changed(events: readonly CacheEvent[]): void {
    const first = events[0]!.revision;
    const last = events.at(-1)!.revision;
    this.#cache.counts.dispatched += events.length;
    for (const channel of this.#channels.values()) {
      if (!channel.isPrepared(events)) {
        for (const member of channel.members) member.fallBehind();
        continue;
      }
      const frames = channel.frames(events);
      for (const member of channel.members) {
        // A client may know a revision that this cache is only getting to.
        const known = member.revision >= first;
        member.send(known ? channel.frames(events.filter((each) => each.revision > member.revision)) : frames, last);
      }
    }
  }

  reloaded(): void {
    this.#endAll('reload');
  }

  unreadable(error: StatusError): void {
    for (const channel of this.#channels.values()) for (const member of channel.members) member.fail(error);
  }

  /** Ends watches whose time is over and sends the bookmarks that are due. */
  tick(now: number): void {
    const revision = this.#feed.revision;
    for (const channel of this.#channels.values()) {
      for (const member of channel.members) member.tick(now, revision, this.#bookmarkPeriod);
    }
  }

  /** Ends all watches. */
  close(): void {
    clearInterval(this.#timer);
    this.#endAll('shutdown');
  }

  /** Ends up to `count` watches because the server stops; gives how many. */
  endSome(count: number): number {
    let ended = 0;
    for (const channel of this.#channels.values()) {
      for (const member of channel.members) {
        if (ended >= count) return ended;
        member.end('shutdown');
        ended++;
      }
    }
    return ended;
  }

  #endAll(why: 'reload' | 'shutdown'): void {
    for (const channel of this.#channels.values()) for (const member of channel.members) member.end(why);
  }

  #leave(key: string, member: Member): void {
    const channel = this.#channels.get(key);
    if (!channel?.members.delete(member)) return;
    this.#count(channel.filter, -1);
    if (channel.members.size === 0) this.#channels.delete(key);
  }

  #count(filter: Filter, by: 1 | -1): void {
    if (filter.required('spec.nodeName') !== undefined) return;
    const place = `${filter.namespace}/${filter.name ?? ''}`;
    const count = (this.#places.get(place) ?? 0) + by;
    if (count === 0) this.#places.delete(place);
    else this.#places.set(place, count);
  }
}

/** Watchers that see the same frames. */
class Channel {
  readonly filter: Filter;
  readonly encoding: EventEncoding;
  readonly members = new Set<Member>();
  readonly sent: SentEvents;
  #asking: { readonly key: string; readonly answer: Promise<void> } | undefined;

  constructor(filter: Filter, encoding: EventEncoding, sent: SentEvents) {
    this.filter = filter;
    this.encoding = encoding;
    this.sent = sent;
  }

  /** Whether the events can be shown: a webhook need not be asked for their objects. */
  isPrepared(events: readonly CacheEvent[]): boolean {
    const { kind } = this.filter;
    return !kind.dynamic?.convertMany || objectsOf(events).every((object) => object.has(kind));
  }

  /** Asks for the form in which this channel shows objects; members that want the same events ask together. */
  prepare(events: readonly CacheEvent[]): Promise<void> {
    const last = events.at(-1)!.revision;
    const key = `${events[0]!.revision}-${last}`;
    if (this.#asking?.key !== key) {
      const answer = Promise.resolve(CachedObject.prepare(objectsOf(events), this.filter.kind)).finally(() => {
        if (this.#asking?.answer === answer) this.#asking = undefined;
      });
      this.#asking = { key, answer };
    }
    return this.#asking.answer;
  }

  /** The events this channel's watchers see, as one buffer. */
  frames(events: readonly CacheEvent[]): Frames {
    const parts: Buffer[] = [];
    for (const event of events) {
      const seen = transition(event, this.filter);
      if (seen) parts.push(this.encoding.frame(seen.type, this.encoding.event(seen.object)));
    }
    return {
      bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts),
      sizes: parts.map(({ length }) => length),
    };
  }
}

const objectsOf = (events: readonly CacheEvent[]): CachedObject[] =>
  events.flatMap(({ object, previous }) => (previous ? [object, previous] : [object]));

/** What a change looks like through a filter: objects that leave it are DELETED, those that enter it ADDED. */
export function transition(
  event: CacheEvent,
  filter: Filter,
): { type: CacheEvent['type']; object: CachedObject } | undefined {
  const { type, object, previous } = event;
  if (type === 'DELETED') return filter.matches(previous!) ? { type, object } : undefined;
  const is = filter.matches(object);
  const was = previous !== undefined && filter.matches(previous);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object };
  return was ? { type: 'DELETED', object: previous.at(event.revision) } : undefined;
}

/** One watcher. Either live (gets what its channel gets), or behind (catches up from history when its sink drains). */
class Member implements Watcher {
  readonly #channel: Channel;
  readonly #cache: ResourceCache;
  readonly #sink: FrameSink;
  readonly #options: WatchOptions;
  readonly #leave: () => void;
  #revision: number;
  #live = false;
  /** A webhook is being asked for what is to be sent next. */
  #asks = false;
  #open = true;
  #nextBookmark: number;

  constructor(
    channel: Channel,
    cache: ResourceCache,
    sink: FrameSink,
    options: WatchOptions,
    opened: number,
    period: number,
    leave: () => void,
  ) {
    this.#channel = channel;
    this.#cache = cache;
    this.#sink = sink;
    this.#options = options;
    this.#leave = leave;
    this.#revision = options.revision;
    const last = options.deadline - lastBookmark;
    // One that is over so soon gets none.
    this.#nextBookmark = last < opened ? Number.POSITIVE_INFINITY : Math.min(opened + period, last);
  }

  /** What happened up to here has been sent, or is not wanted. */
  get revision(): number {
    return this.#revision;
  }

  /** Takes its channel's frames of a batch that ends at `revision`. */
  send(frames: Frames, revision: number): void {
    if (!this.#live || revision <= this.#revision) return;
    this.#revision = revision;
    if (frames.sizes.length > 0) this.#write(frames);
  }

  /** Takes what comes next from history, as it is not ready to be shown. */
  fallBehind(): void {
    if (!this.#live) return;
    this.#live = false;
    this.catchUp();
  }

  /** Sends what history has beyond the last revision sent, until it is live or its sink is full. */
  catchUp(): void {
    while (this.#open && !this.#live && !this.#asks) {
      const { history } = this.#cache;
      if (this.#revision < history.floor) {
        this.#cache.counts.overrun++;
        this.end('overrun');
        return;
      }
      const events = history.after(this.#revision, catchUpEvents);
      if (events.length === 0) {
        this.#live = true;
        return;
      }
      const last = events.at(-1)!.revision;
      // Several events can share a revision; a page must not end between them.
      const whole = events.length < catchUpEvents ? events : [...events.filter((each) => each.revision < last)];
      const page = whole.length > 0 ? whole : history.after(this.#revision);
      if (!this.#channel.isPrepared(page)) {
        this.#ask(page);
        return;
      }
      this.#revision = page.at(-1)!.revision;
      const frames = this.#channel.frames(page);
      if (frames.sizes.length > 0 && !this.#write(frames)) return;
    }
  }

  #ask(page: readonly CacheEvent[]): void {
    this.#asks = true;
    this.#channel.prepare(page).then(
      () => {
        this.#asks = false;
        this.catchUp();
      },
      (error) => {
        this.fail(error instanceof StatusError ? error : internalError(error));
      },
    );
  }

  tick(now: number, revision: number, period: number): void {
    if (now >= this.#options.deadline) {
      this.end('timeout');
      return;
    }
    if (!this.#options.bookmarks || now < this.#nextBookmark || !this.#live) return;
    this.#nextBookmark = Math.min(now + period, Math.max(this.#options.deadline - lastBookmark, now + 1));
    if (now >= this.#options.deadline - lastBookmark) this.#nextBookmark = Number.POSITIVE_INFINITY;
    const { encoding } = this.#channel;
    const bytes = encoding.frame('BOOKMARK', encoding.bookmark(Math.max(revision, this.#revision)));
    this.#write({ bytes, sizes: [bytes.length] });
  }

  /** Ends it with an error for the client. */
  fail(error: StatusError): void {
    const { encoding, sent } = this.#channel;
    if (this.#open) {
      const frame = encoding.frame('ERROR', encoding.status(error));
      sent.add(frame.length);
      this.#sink.write(frame);
    }
    this.end('error');
  }

  end(why: Parameters<FrameSink['end']>[0]): void {
    if (!this.#open) return;
    this.close();
    this.#sink.end(why);
  }

  close(): void {
    this.#open = false;
    this.#live = false;
    this.#leave();
  }

  #write({ bytes, sizes }: Frames): boolean {
    for (const size of sizes) this.#channel.sent.add(size);
    if (this.#sink.write(bytes)) return true;
    this.#live = false;
    this.#sink.drained(() => this.catchUp());
    return false;
  }
}
