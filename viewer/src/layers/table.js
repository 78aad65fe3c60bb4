// Tables with places in them: points, and branches of skeletons.

import { percentile } from "./contrast.js";

/** Columns that hold places, and whether they count samples (true) or are in the units of the image. */
const PLACES = [
  { from: /^coord[_-]src[_-](\d)$/, to: /^coord[_-]dst[_-](\d)$/, samples: false },
  { from: /^image[_-]coord[_-]src[_-](\d)$/, to: /^image[_-]coord[_-]dst[_-](\d)$/, samples: true },
  { from: /^centroid[_-](\d)$/, samples: true },
  { from: /^axis[_-](\d)$/, samples: true },
  { from: /^coord[_-]?(\d)$/, samples: false },
  { from: /^([zyx])$/i, samples: false },
];

/** A table of the server. Its columns are arrays of doubles or of strings, each fetched when first needed. */
export class Table {
  #columns = new Map();
  version = 0;

  constructor(entry, fetchColumn, fetchPaths, changed) {
    Object.assign(this, { name: entry.name, path: entry.path ?? entry.name, rows: entry.rows, columns: entry.columns, fetchColumn, changed });
    /** How branches run: null until it is known, and for good where it is not. */
    this.course = null;
    this.fetchCourse = entry.paths && fetchPaths ? () => fetchPaths(this.name) : null;
    this.names = entry.columns.map((column) => column.name);
    this.shape = this.#shape();
    this.error = null;
  }

  /** A column, or null until it is here. */
  column(name) {
    const found = this.#columns.get(name);
    if (found !== undefined) return found;
    this.#columns.set(name, null);
    this.fetchColumn(this.name, name).then(
      (values) => {
        this.#columns.set(name, values);
        this.version += 1;
        this.changed();
      },
      (error) => {
        this.error = error.message;
        this.changed();
      },
    );
    return null;
  }

  /** Which columns are places: `{from: [names], to: [names] or null, samples}`, slowest axis first. */
  #shape() {
    for (const { from, to, samples } of PLACES) {
      const found = this.#matching(from);
      if (found.length < 2) continue;
      const ends = to ? this.#matching(to) : null;
      if (to && ends.length !== found.length) continue;
      return { from: found, to: ends, samples };
    }
    return null;
  }

  #matching(pattern) {
    const order = (name) => {
      const [, key] = pattern.exec(name);
      return /\d/.test(key) ? Number(key) : "zyx".indexOf(key.toLowerCase());
    };
    return this.names.filter((name) => pattern.test(name)).sort((a, b) => order(a) - order(b));
  }

  /** Lines of all rows in the world, null until they are here. `places`: `x, y, z` of the beginning and of the end, six floats a line;
   * `owners`: four times the row, and 1 for the first and 2 for the last line of a row, which have round ends. */
  lines(image) {
    if (!this.shape) return null;
    this.#askForCourse();
    const { from, to, samples } = this.shape;
    const starts = from.map((name) => this.column(name));
    const ends = (to ?? from).map((name) => this.column(name));
    if ([...starts, ...ends].includes(null)) return null;
    const axes = ["z", "y", "x"].slice(3 - from.length);
    const places = new Float32Array(6 * this.rows);
    ["x", "y", "z"].forEach((axis, n) => {
      const k = axes.indexOf(axis);
      if (k < 0) return;
      const [scale, shift] = placed(image, axis, samples);
      for (let row = 0; row < this.rows; row++) {
        places[6 * row + n] = starts[k][row] * scale + shift;
        places[6 * row + 3 + n] = ends[k][row] * scale + shift;
      }
    });
    if (this.course) return bent(this.course, places, ["x", "y", "z"].map((axis) => placed(image, axis, true)));
    return { places, owners: Uint32Array.from({ length: this.rows }, (_, row) => 4 * row + 3) };
  }

  /** Until the course of branches is here, and where it cannot be had, they are straight. */
  #askForCourse() {
    const fetchCourse = this.fetchCourse;
    if (!fetchCourse) return;
    this.fetchCourse = null;
    fetchCourse().then(
      (course) => {
        this.course = course;
        this.changed();
      },
      (error) => {
        this.error = error.message;
        this.changed();
      },
    );
  }

  /** Lowest and highest value of a column without its furthest outliers; null for text and until it is here. */
  limits(name) {
    const values = this.column(name);
    if (!values || typeof values[0] === "string") return null;
    // Of long columns every so many rows tell enough.
    const step = Math.ceil(values.length / 100000);
    const sorted = Float64Array.from({ length: Math.ceil(values.length / step) }, (_, k) => values[k * step]).filter(Number.isFinite).sort();
    return sorted.length ? [percentile(sorted, 0.01), percentile(sorted, 0.99)] : null;
  }
}

/** Size of a sample and place of the first one along an axis, for places that count samples. */
function placed(image, axis, samples) {
  const k = image?.axis(axis) ?? -1;
  return samples && k >= 0 ? [image.levels[0].scale[k], image.levels[0].translate[k]] : [1, 0];
}

/** Lines between neighbouring points of every row's course; rows without one stay straight. */
function bent({ starts, points }, straight, along) {
  const rows = straight.length / 6;
  const linesOf = (row) => Math.max(1, starts[row + 1] - starts[row] - 1);
  let count = 0;
  for (let row = 0; row < rows; row++) count += linesOf(row);
  const places = new Float32Array(6 * count);
  const owners = new Uint32Array(count);
  let line = 0;
  for (let row = 0; row < rows; row++) {
    const lines = linesOf(row);
    for (let k = 0; k < lines; k++, line++) {
      owners[line] = 4 * row + (k === 0 ? 1 : 0) + (k === lines - 1 ? 2 : 0);
      if (starts[row + 1] - starts[row] < 2) {
        places.set(straight.subarray(6 * row, 6 * row + 6), 6 * line);
        continue;
      }
      const first = 3 * (starts[row] + k);
      along.forEach(([scale, shift], n) => {
        places[6 * line + n] = points[first + 2 - n] * scale + shift;
        places[6 * line + 3 + n] = points[first + 5 - n] * scale + shift;
      });
    }
  }
  return { places, owners };
}

/** The layer of a table as it stands in the state. */
export function tableLayer(table) {
  const numbers = table.columns.filter((column) => column.dtype !== "text").map((column) => column.name);
  const wish = ["branch_type", "branch-type", "mean_radius", "branch_distance", "branch-distance", "label"];
  return {
    id: table.name, source: table.name, kind: "table", channel: null, visible: true, opacity: 1,
    map: "turbo", by: wish.find((name) => numbers.includes(name)) ?? null, width: table.shape?.to ? 3 : 8, depth: 0, ghost: table.shape?.to ? 0.25 : 0,
  };
}
