// The parts of the canvas and which plane of the world each shows. Units: pixels of the page.

import { directions } from "./turning.js";

const PLANES = { xy: ["x", "y"], xz: ["x", "z"], yz: ["z", "y"] };
const GAP = 1;

/** The panes of a layout on a canvas of `width` x `height`. */
export function panesOf(layout, width, height) {
  if (layout !== "4") return [pane(layout, 0, 0, width, height)];
  const left = Math.round(width / 2);
  const top = Math.round(height / 2);
  return [
    pane("xy", 0, 0, left - GAP, top - GAP),
    pane("yz", left + GAP, 0, width - left - GAP, top - GAP),
    pane("xz", 0, top + GAP, left - GAP, height - top - GAP),
    pane("3d", left + GAP, top + GAP, width - left - GAP, height - top - GAP),
  ];
}

function pane(id, x, y, width, height) {
  const [u, v] = PLANES[id] ?? [null, null];
  const kind = u ? "plane" : id === "oblique" ? "oblique" : "volume";
  return { id, kind, u, v, x, y, width: Math.max(1, width), height: Math.max(1, height) };
}

/** The axis in space that a plane pane does not show. */
export function depthAxis(pane) {
  return ["x", "y", "z"].find((name) => name !== pane.u && name !== pane.v);
}

/** The pane under a point of the canvas. */
export function paneAt(panes, x, y) {
  return panes.find((p) => x >= p.x && y >= p.y && x < p.x + p.width && y < p.y + p.height) ?? null;
}

/** The place in the world under a point of the canvas; axes the pane does not show are those of the centre. */
export function worldAt(pane, state, x, y) {
  const du = (x - pane.x - pane.width / 2) * state.scale;
  const dv = (y - pane.y - pane.height / 2) * state.scale;
  if (pane.kind === "oblique") {
    const [right, down] = directions(state.tilt);
    return Object.fromEntries(["x", "y", "z"].map((axis, k) => [axis, state.centre[axis] + right[k] * du + down[k] * dv]));
  }
  return { ...state.centre, [pane.u]: (state.centre[pane.u] ?? 0) + du, [pane.v]: (state.centre[pane.v] ?? 0) + dv };
}

/** The point of the canvas where a place in the world is. */
export function pointAt(pane, state, place) {
  return [
    pane.x + pane.width / 2 + ((place[pane.u] ?? 0) - (state.centre[pane.u] ?? 0)) / state.scale,
    pane.y + pane.height / 2 + ((place[pane.v] ?? 0) - (state.centre[pane.v] ?? 0)) / state.scale,
  ];
}

/** What a pane shows of an axis: first and last edge in the world. */
export function span(pane, state, name) {
  const half = ((name === pane.u ? pane.width : pane.height) / 2) * state.scale;
  const centre = state.centre[name] ?? 0;
  return [centre - half, centre + half];
}
