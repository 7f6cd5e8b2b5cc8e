/** Time as the kubelet sees it; tests bring their own. Milliseconds. */
export interface Clock {
  now(): number;
  /** Runs `then` after a while; the returned function calls it off. */
  after(milliseconds: number, then: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after(milliseconds, then) {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
};
