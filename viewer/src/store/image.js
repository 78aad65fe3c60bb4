// One image of the server: its description, and its chunk grids for the planes that are looked at.

import { zarrAddress } from "../server.js";
import { readGroup, SPACE } from "./metadata.js";

/** Edge of the tiles a plane is fetched in. */
export const TILE = 256;
/** Edge of the bricks a volume is fetched in. */
export const BRICK = 64;

export class Image {
  #grids = new Map();

  constructor(entry, base) {
    this.name = entry.name;
    this.entry = entry;
    this.error = null;
    Object.assign(this, base);
  }

  /** Opens the image `entry` of the server's list. */
  static async open(entry) {
    const count = entry.shape.length;
    const chunk = entry.shape.map((_, k) => (k >= count - 2 ? TILE : 1));
    const base = await readGroup(zarrAddress(entry.name, chunk));
    const image = new Image(entry, base);
    image.labels ||= entry.labels === true;
    image.#grids.set(chunk.join("x"), { levels: base.levels });
    return image;
  }

  /** Position of an axis, or -1. */
  axis(name) {
    return this.axes.indexOf(name);
  }

  /** The levels in chunks that are `edge` wide along the axes `wide` and 1 along others; null until they are known. */
  levelsFor(wide, edge, changed) {
    const chunk = this.axes.map((name) => (wide.includes(name) ? edge : 1));
    const key = chunk.join("x");
    const found = this.#grids.get(key);
    if (found) return found.levels ?? null;
    const grid = { levels: null };
    this.#grids.set(key, grid);
    readGroup(zarrAddress(this.name, chunk)).then(
      (base) => {
        grid.levels = base.levels;
        changed();
      },
      (error) => {
        this.error = error.message;
        changed();
      },
    );
    return null;
  }

  /** First and last edge along an axis in the world, or null where the image has no such axis. */
  extent(name) {
    const k = this.axis(name);
    if (k < 0) return null;
    const { shape, scale, translate } = this.levels[0];
    return [translate[k] - scale[k] / 2, translate[k] + (shape[k] - 0.5) * scale[k]];
  }

  /** Axes in space that this image has, slowest first. */
  get space() {
    return SPACE.filter((name) => this.axes.includes(name));
  }

  /** The index of the sample at a place in the world, per axis, on a level; null outside the image. */
  indexAt(place, others, channel, level = 0) {
    const { shape, scale, translate } = this.levels[level];
    const index = this.axes.map((name, k) => {
      if (SPACE.includes(name)) return Math.round((place[name] - translate[k]) / scale[k]);
      if (name === "c" && channel !== undefined && channel !== null) return channel;
      return Math.min(others[name] ?? 0, shape[k] - 1);
    });
    return index.every((i, k) => i >= 0 && i < shape[k]) ? index : null;
  }
}
