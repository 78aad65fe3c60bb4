// Tiles that were fetched: samples, texture, state. The least recently looked at go first.

/** Memory that samples and textures may take together, in bytes. */
export const ROOM = 384 * 2 ** 20;

export class Tiles {
  #tiles = new Map();
  bytes = 0;
  frame = 0;
  onDrop = () => {};

  get(key) {
    return this.#tiles.get(key);
  }

  /** The tile of a request, marked as looked at in this frame. */
  touch(request) {
    let tile = this.#tiles.get(request.key);
    if (tile) {
      this.#tiles.delete(request.key);
    } else {
      tile = { ...request, state: "new", bytes: 0, texture: null, attempts: 0 };
    }
    tile.frame = this.frame;
    this.#tiles.set(request.key, tile);
    return tile;
  }

  /** Takes over what a worker made of a tile. */
  settle(tile, answer) {
    this.bytes -= tile.bytes;
    this.onDrop(tile);
    tile.samples = answer.samples;
    tile.paint = answer.paint ?? answer.samples;
    tile.picked = answer.picked;
    tile.state = "ready";
    tile.error = null;
    tile.bytes = 2 * tile.samples.byteLength + (answer.paint ? answer.paint.byteLength : 0);
    this.bytes += tile.bytes;
    this.#shrink();
  }

  /** Forgets a tile. */
  drop(tile) {
    if (this.#tiles.get(tile.key) !== tile) return;
    this.#tiles.delete(tile.key);
    this.bytes -= tile.bytes;
    this.onDrop(tile);
  }

  /** Every tile for which `chosen` holds. */
  filter(chosen) {
    return [...this.#tiles.values()].filter(chosen);
  }

  get count() {
    return this.#tiles.size;
  }

  #shrink() {
    if (this.bytes <= ROOM) return;
    for (const tile of this.#tiles.values()) {
      if (this.bytes <= ROOM * 0.9) break;
      if (tile.frame < this.frame - 1 && tile.state !== "loading") this.drop(tile);
    }
  }
}
