// Points and branches: a square per line, drawn around it; a row is one line, or as many as its course has.

import { table as colours } from "./colormaps.js";
import { labelColour } from "./labels.js";
import { program } from "./program.js";
import { directions } from "../view/turning.js";

const VERTEX = `
layout(location = 0) in vec2 corner;
layout(location = 1) in vec3 from;
layout(location = 2) in vec3 to;
layout(location = 3) in vec4 tint;
layout(location = 4) in uint owner;
uniform vec3 right, down, into, centre;
uniform vec2 half_;
uniform float width, depth, ghost, opacity;
uniform int chosen;
out vec4 colour;
out vec2 at;
flat out float reach;
flat out float half_width;
void main() {
  vec3 a = from - centre, b = to - centre;
  vec2 p = vec2(dot(a, right), dot(a, down)), q = vec2(dot(b, right), dot(b, down));
  float near = min(dot(a, into), dot(b, into)), far = max(dot(a, into), dot(b, into));
  bool picked = int(owner >> 2) == chosen;
  // Only the ends of a row are round: lines within it would lie over each other, and show through.
  vec2 caps = vec2(float(owner & 1u), float((owner >> 1) & 1u));
  half_width = (picked ? width + 3.0 : width) * 0.5 + 0.5;
  reach = length(q - p);
  vec2 along = reach > 0.0 ? (q - p) / reach : vec2(1.0, 0.0), across = vec2(-along.y, along.x);
  at = vec2(mix(-half_width * caps.x, reach + half_width * caps.y, corner.x), mix(-half_width, half_width, corner.y));
  vec2 place = p + along * at.x + across * at.y;
  bool inside = depth < 0.0 || (near <= depth && far >= -depth);
  float alpha = opacity * (inside || picked ? 1.0 : ghost);
  colour = vec4(picked ? vec3(1.0) : tint.rgb, alpha);
  gl_Position = alpha <= 0.0 ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(place.x / half_.x, -place.y / half_.y, 0.0, 1.0);
}`;

const FRAGMENT = `
in vec4 colour;
in vec2 at;
flat in float reach;
flat in float half_width;
out vec4 shade;
void main() {
  float off = length(vec2(max(0.0, max(-at.x, at.x - reach)), at.y));
  float alpha = colour.a * clamp(half_width - off, 0.0, 1.0);
  shade = vec4(colour.rgb * alpha, alpha);
}`;

const AXES = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };

export class MarkPainter {
  #made = new Map();

  constructor(stage, tables) {
    Object.assign(this, { stage, tables });
  }

  /** Draws every visible table on a pane. */
  draw(pane, stage) {
    const { gl, state } = stage;
    for (const layer of state.now.layers) {
      if (layer.kind !== "table" || !layer.visible) continue;
      const table = this.tables.get(layer.source);
      const made = table && this.#buffers(layer, table);
      if (!made) continue;
      this.program ??= program(gl, VERTEX, FRAGMENT);
      const { at } = this.program;
      const view = viewOf(pane, state.now);
      gl.useProgram(this.program.handle);
      gl.bindVertexArray(made.array);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      // Places are in pixels of the page here: one pixel is `scale` of the world.
      const zoom = state.now.scale;
      gl.uniform3f(at.right, ...view.right.map((n) => n / zoom));
      gl.uniform3f(at.down, ...view.down.map((n) => n / zoom));
      gl.uniform3f(at.into, ...view.into);
      gl.uniform3f(at.centre, state.now.centre.x, state.now.centre.y, state.now.centre.z);
      gl.uniform2f(at.half_, pane.width / 2, pane.height / 2);
      gl.uniform1f(at.width, layer.width);
      gl.uniform1f(at.depth, view.flat ? Math.max(layer.depth, view.thick(stage.images)) : -1);
      gl.uniform1f(at.ghost, layer.ghost);
      gl.uniform1f(at.opacity, layer.opacity);
      gl.uniform1i(at.chosen, state.now.picked?.layer === layer.id ? state.now.picked.row : -1);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, made.owners.length);
      gl.bindVertexArray(null);
    }
  }

  /** The row of a table under a point of a pane, or null; the nearest within a few pixels. */
  rowAt(pane, at, layer) {
    const { places, owners } = this.#made.get(layer.id) ?? {};
    if (!places) return null;
    const { now } = this.stage.state;
    const { right, down, into, flat, thick } = viewOf(pane, now);
    const c = [now.centre.x, now.centre.y, now.centre.z];
    const [x, y] = [(at[0] - pane.x - pane.width / 2) * now.scale, (at[1] - pane.y - pane.height / 2) * now.scale];
    const dot = (d, k) => d[0] * (places[k] - c[0]) + d[1] * (places[k + 1] - c[1]) + d[2] * (places[k + 2] - c[2]);
    const depth = Math.max(layer.depth, thick(this.stage.images));
    let best = null;
    let least = (layer.width / 2 + 5) * now.scale;
    for (let line = 0; line < owners.length; line++) {
      const k = 6 * line;
      if (flat && layer.ghost === 0 && Math.abs(dot(into, k)) > depth) continue;
      const off = toSegment(x, y, dot(right, k), dot(down, k), dot(right, k + 3), dot(down, k + 3));
      if (off < least) [best, least] = [owners[line] >> 2, off];
    }
    return best;
  }

  /** The place in the middle of a row. */
  middle(layer, row) {
    const { places, owners } = this.#made.get(layer.id) ?? {};
    if (!places) return null;
    const [first, last] = [owners.findIndex((o) => o >> 2 === row), owners.findLastIndex((o) => o >> 2 === row)];
    if (first < 0) return null;
    const line = (first + last) >> 1;
    const at = (n) => (places[6 * line + n] + places[6 * line + 3 + n]) / 2;
    return { x: at(0), y: at(1), z: at(2) };
  }

  #buffers(layer, table) {
    const { gl, images } = this.stage;
    let made = this.#made.get(layer.id);
    if (!made || made.course !== table.course) {
      const lines = table.lines(images.values().next().value);
      if (!lines) return null;
      if (made) this.#release(made);
      made = { ...lines, course: table.course, ...this.#upload(lines) };
      this.#made.set(layer.id, made);
    }
    const wanted = `${layer.by}|${layer.map}|${table.version}`;
    if (made.coloured !== wanted) {
      made.coloured = wanted;
      gl.bindBuffer(gl.ARRAY_BUFFER, made.tints);
      gl.bufferData(gl.ARRAY_BUFFER, spread(tints(layer, table), made.owners), gl.DYNAMIC_DRAW);
    }
    return made;
  }

  #release({ array, buffers }) {
    const { gl } = this.stage;
    gl.deleteVertexArray(array);
    for (const buffer of buffers) gl.deleteBuffer(buffer);
  }

  #upload({ places, owners }) {
    const { gl } = this.stage;
    const buffers = Array.from({ length: 4 }, () => gl.createBuffer());
    const [corners, ends, tintBuffer, rows] = buffers;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, ends);
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    for (const [slot, offset] of [[1, 0], [2, 12]]) {
      gl.enableVertexAttribArray(slot);
      gl.vertexAttribPointer(slot, 3, gl.FLOAT, false, 24, offset);
      gl.vertexAttribDivisor(slot, 1);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, rows);
    gl.bufferData(gl.ARRAY_BUFFER, owners, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(4);
    gl.vertexAttribIPointer(4, 1, gl.UNSIGNED_INT, 0, 0);
    gl.vertexAttribDivisor(4, 1);
    gl.bindBuffer(gl.ARRAY_BUFFER, tintBuffer);
    gl.enableVertexAttribArray(3);
    gl.vertexAttribPointer(3, 4, gl.UNSIGNED_BYTE, true, 0, 0);
    gl.vertexAttribDivisor(3, 1);
    gl.bindVertexArray(null);
    return { array, buffers, tints: tintBuffer };
  }
}

/** Directions of a pane, and how thick the plane is that it shows. */
function viewOf(pane, now) {
  if (pane.kind === "plane") {
    const depth = ["x", "y", "z"].find((axis) => axis !== pane.u && axis !== pane.v);
    const thick = (images) => {
      const image = images.values().next().value;
      const k = image?.axis(depth) ?? -1;
      return k < 0 ? Infinity : Math.abs(image.levels[0].scale[k]) / 2;
    };
    return { right: AXES[pane.u], down: AXES[pane.v], into: AXES[depth], flat: true, thick };
  }
  const [right, down, into] = directions(pane.kind === "oblique" ? now.tilt : now.turn);
  return { right, down, into, flat: pane.kind === "oblique", thick: () => now.scale };
}

/** Colours of all rows, four bytes each. */
function tints(layer, table) {
  const out = new Uint8Array(4 * table.rows).fill(255);
  const values = layer.by ? table.column(layer.by) : null;
  if (!values) {
    for (let row = 0; row < table.rows; row++) out.set([255, 190, 60], 4 * row);
    return out;
  }
  const limits = table.limits(layer.by);
  const known = new Map();
  const ramp = colours(layer.map);
  for (let row = 0; row < table.rows; row++) {
    const value = values[row];
    let tint;
    if (layer.map === "labels" || limits === null) {
      if (!known.has(value)) known.set(value, labelColour(limits === null ? known.size + 1 : value).map((n) => Math.round(n * 255)));
      tint = known.get(value);
    } else {
      const t = limits[1] > limits[0] ? (value - limits[0]) / (limits[1] - limits[0]) : 0.5;
      // The ends of most maps are too dark to be seen on black.
      const k = 4 * Math.round(255 * (0.1 + 0.85 * Math.min(Math.max(t, 0), 1)));
      tint = Number.isFinite(t) ? ramp.subarray(k, k + 3) : [128, 128, 128];
    }
    out.set(tint, 4 * row);
  }
  return out;
}

/** Colours of lines from those of rows. */
function spread(tints, owners) {
  const [rows, out] = [new Uint32Array(tints.buffer), new Uint32Array(owners.length)];
  owners.forEach((owner, line) => {
    out[line] = rows[owner >> 2];
  });
  return out;
}

/** Distance of a point from a line between two others. */
function toSegment(x, y, ax, ay, bx, by) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length > 0 ? Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / length, 0), 1) : 0;
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
