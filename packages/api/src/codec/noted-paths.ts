/** How long the paths that are noted of one object may be together; only hostile ones have more. */
const mostText = 1 << 20;

/** Paths of fields that are odd, in the order in which they are come upon: as many as have 1 MiB of text together. */
export class NotedPaths {
  readonly texts: string[] = [];
  #room = mostText;

  /** Whether no more are noted, so that nobody needs to find them. */
  get isFull(): boolean {
    return this.#room <= 0;
  }

  add(path: string): void {
    if (this.isFull) return;
    this.texts.push(path);
    this.#room -= path.length;
  }
}
