/** How many there are of something that comes and goes, and the most there were within about the last second. */
export class Watermark {
  #value = 0;
  #most = 0;
  #before = 0;
  #second = 0;

  /** `now` in milliseconds since 1970. */
  enter(now: number): void {
    this.#roll(now);
    this.#value++;
    if (this.#value > this.#most) this.#most = this.#value;
  }

  leave(now: number): void {
    this.#roll(now);
    this.#value--;
  }

  /** The most there were in this second and the one before. */
  most(now: number): number {
    this.#roll(now);
    return Math.max(this.#most, this.#before);
  }

  #roll(now: number): void {
    const second = Math.floor(now / 1000);
    if (second === this.#second) return;
    this.#before = second === this.#second + 1 ? this.#most : this.#value;
    this.#most = this.#value;
    this.#second = second;
  }
}
