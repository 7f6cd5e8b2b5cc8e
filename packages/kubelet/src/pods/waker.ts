/** Lets one loop sleep until it is woken, a time has passed, or all ends. A wake while nobody sleeps is not lost. */
export class Waker {
  readonly #signal: AbortSignal;
  #woken = false;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Settles after the next wake, or after so many milliseconds (Infinity: never by itself). */
  async wait(milliseconds: number): Promise<void> {
    if (!this.#woken && milliseconds > 0 && !this.#signal.aborted) {
      let timer: NodeJS.Timeout | undefined;
      let end: (() => void) | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        end = resolve;
        if (Number.isFinite(milliseconds)) timer = setTimeout(resolve, Math.min(milliseconds, 2 ** 31 - 1));
        this.#signal.addEventListener('abort', resolve as () => void, { once: true });
      });
      clearTimeout(timer);
      if (end) this.#signal.removeEventListener('abort', end);
      this.#wake = undefined;
    }
    this.#woken = false;
  }
}
