// Which tile is fetched next. Every frame says what it wants, in which order; what nobody wants any more is cancelled.

import { headers } from "./server.js";
import { run } from "./store/pool.js";

/** Requests under way: browsers allow six connections per server; one is the event stream's, one stays free. */
const AT_ONCE = 4;
/** A failed tile is asked for again after this long, twice. */
const PATIENCE = 3000;
/** A tile that the server is not ready for is asked for again after this long. */
const LATER = 400;

export class Scheduler {
  #loading = new Map();
  #queue = [];
  counts = { received: 0, bytes: 0, failed: 0, cancelled: 0 };
  longest = 0;

  constructor(tiles, changed) {
    this.tiles = tiles;
    this.changed = changed;
  }

  /** Says what is wanted now, `[tile, priority]`, lowest number first. Replaces what was said before. */
  want(wishes) {
    const wanted = new Map();
    for (const [tile, priority] of wishes) {
      if ((tile.state === "ready" && !tile.stale) || !this.#due(tile)) continue;
      const known = wanted.get(tile);
      if (known === undefined || priority < known) wanted.set(tile, priority);
    }
    for (const [tile, job] of this.#loading) {
      if (!wanted.has(tile) && !job.cancelled) {
        job.cancelled = true;
        job.cancel();
      }
      wanted.delete(tile);
    }
    this.#queue = [...wanted].sort((a, b) => a[1] - b[1]).map(([tile]) => tile);
    for (const tile of this.#queue) if (tile.state === "new") tile.state = "queued";
    this.#pump();
  }

  /** Tiles that wait for their turn. */
  get waiting() {
    return this.#queue.length;
  }

  /** Tiles under way. */
  get underWay() {
    return this.#loading.size;
  }

  /** Asks again for tiles that failed. */
  retry() {
    for (const tile of this.tiles.filter((t) => t.state === "failed")) {
      tile.state = "new";
      tile.attempts = 0;
    }
    this.changed();
  }

  #due(tile) {
    if (tile.state === "later") return performance.now() - tile.failedAt > LATER;
    if (tile.state !== "failed") return true;
    return tile.attempts < 3 && performance.now() - tile.failedAt > PATIENCE;
  }

  #pump() {
    while (this.#loading.size < AT_ONCE && this.#queue.length) this.#start(this.#queue.shift());
  }

  #start(tile) {
    // A tile that is only out of date stays on screen meanwhile.
    const renewed = tile.state === "ready";
    tile.stale = false;
    if (!renewed) tile.state = "loading";
    const cancel = run({ ...tile.job, headers }, (answer) => {
      this.#loading.delete(tile);
      if (answer.error === "cancelled") {
        this.counts.cancelled += 1;
        if (renewed) tile.stale = true;
        else {
          tile.state = "new";
          this.tiles.drop(tile);
        }
      } else if (answer.later) {
        // Something of the whole image is still computed: the tile is asked for again.
        tile.state = "later";
        tile.error = answer.error;
        tile.failedAt = performance.now();
        setTimeout(this.changed, LATER + 20);
      } else if (answer.error) {
        this.counts.failed += 1;
        tile.state = "failed";
        tile.error = answer.error;
        tile.attempts += 1;
        tile.failedAt = performance.now();
        if (tile.attempts < 3) setTimeout(this.changed, PATIENCE + 50);
      } else {
        this.counts.received += 1;
        this.counts.bytes += answer.received;
        this.longest = Math.max(this.longest, answer.milliseconds);
        this.tiles.settle(tile, answer);
      }
      this.#pump();
      this.changed();
    });
    this.#loading.set(tile, { cancel, cancelled: false });
  }
}
