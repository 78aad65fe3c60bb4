// What is drawn over the picture: scale bars, the crossing of planes, marks of failed tiles, a measured distance.

import { unitName } from "../controls/sliders.js";
import { short } from "../dom.js";
import { directions } from "./turning.js";
import { depthAxis, pointAt } from "./panes.js";

const PAINTERS = [];

/** Adds a drawer, called with `(context, pane, stage)` for every pane of every frame. */
export function paintOver(painter) {
  PAINTERS.push(painter);
}

/** Draws the overlay after every frame of `stage`. */
export function overlay({ canvas, stage, navigate }) {
  const context = canvas.getContext("2d");
  stage.listeners.add(() => {
    const { ratio } = stage;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const state = stage.state.now;
    for (const pane of stage.panes) {
      context.save();
      context.beginPath();
      context.rect(pane.x, pane.y, pane.width, pane.height);
      context.clip();
      failures(context, pane, stage);
      if (state.layout === "4" && pane.kind === "plane") crossing(context, pane, state);
      for (const painter of PAINTERS) painter(context, pane, stage);
      if (state.bar) scaleBar(context, pane, state, navigate);
      if (state.layout === "4") name(context, pane);
      context.restore();
    }
  });
}

/** Round numbers a scale bar may be long: 1, 2 or 5 times a power of ten. */
export function roundLength(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].map((n) => n * power).find((n) => n <= most) ?? power;
}

function scaleBar(context, pane, state, navigate) {
  const unit = navigate.unit;
  const world = roundLength(Math.min(160, pane.width * 0.3) * state.scale);
  const length = world / state.scale;
  const [x, y] = [pane.x + pane.width - length - 16, pane.y + pane.height - 16];
  const text = lengthText(world, unit);
  context.fillStyle = "#000a";
  context.fillRect(x - 6, y - 22, length + 12, 30);
  context.fillStyle = "#fff";
  context.fillRect(x, y, length, 3);
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  context.fillText(text, x + length / 2, y - 6);
}

/** A length with the unit people would write it in. */
export function lengthText(length, unit) {
  const steps = ["nm", "µm", "mm", "m"];
  let k = steps.indexOf(unitName(unit));
  if (k < 0) return `${short(Number(length.toPrecision(6)))} ${unitName(unit)}`.trim();
  while (length >= 1000 && k < steps.length - 1) [length, k] = [length / 1000, k + 1];
  while (length < 1 && k > 0) [length, k] = [length * 1000, k - 1];
  return `${short(length)} ${steps[k]}`;
}

function crossing(context, pane, state) {
  const [x, y] = pointAt(pane, state, state.centre);
  context.strokeStyle = "#ffffff55";
  context.lineWidth = 1;
  context.setLineDash([4, 4]);
  context.beginPath();
  context.moveTo(pane.x, Math.round(y) + 0.5);
  context.lineTo(pane.x + pane.width, Math.round(y) + 0.5);
  context.moveTo(Math.round(x) + 0.5, pane.y);
  context.lineTo(Math.round(x) + 0.5, pane.y + pane.height);
  context.stroke();
  context.setLineDash([]);
}

function name(context, pane) {
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "left";
  context.fillStyle = "#ffffffb0";
  context.fillText(pane.kind === "plane" ? `${pane.u}${pane.v} · at ${depthAxis(pane)}` : pane.id, pane.x + 8, pane.y + 18);
}

function failures(context, pane, stage) {
  const state = stage.state.now;
  for (const look of stage.looks) {
    if (look.pane !== pane || pane.kind === "volume") continue;
    for (const tile of look.failed) {
      const [a, b] = corners(pane, state, tile);
      context.fillStyle = "#c0201830";
      context.strokeStyle = "#ff6b5e";
      context.lineWidth = 1.5;
      context.fillRect(a[0], a[1], b[0] - a[0], b[1] - a[1]);
      context.strokeRect(a[0] + 1, a[1] + 1, b[0] - a[0] - 2, b[1] - a[1] - 2);
      context.beginPath();
      context.moveTo(...a);
      context.lineTo(...b);
      context.moveTo(b[0], a[1]);
      context.lineTo(a[0], b[1]);
      context.stroke();
      context.font = "12px system-ui, sans-serif";
      context.textAlign = "left";
      context.fillStyle = "#ffb3ab";
      context.fillText("failed", Math.max(a[0], pane.x) + 8, Math.max(a[1], pane.y) + 18);
    }
  }
}

function corners(pane, state, tile) {
  if (pane.kind === "oblique") {
    const [right, down] = directions(state.tilt);
    const from = [state.centre.x, state.centre.y, state.centre.z];
    const along = (d) => d[0] * from[0] + d[1] * from[1] + d[2] * from[2];
    const point = (u, v) => [pane.x + pane.width / 2 + (u - along(right)) / state.scale, pane.y + pane.height / 2 + (v - along(down)) / state.scale];
    return [point(tile.u.low, tile.v.low), point(tile.u.high, tile.v.high)];
  }
  return [
    pointAt(pane, state, { [pane.u]: tile.u.low, [pane.v]: tile.v.low }),
    pointAt(pane, state, { [pane.u]: tile.u.high, [pane.v]: tile.v.high }),
  ];
}
