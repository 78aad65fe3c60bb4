// Measuring a distance: press, drag, release. The line stays until measuring is switched off.

import { lengthText, paintOver } from "../view/overlay.js";
import { pointAt, worldAt } from "../view/panes.js";

/** Takes presses while the state says that something is measured. */
export function measure({ state, navigate, canvas }) {
  paintOver((context, pane, stage) => {
    const { measured } = stage.state.now;
    if (measured && pane.kind === "plane") line(context, pane, stage.state.now, measured, navigate);
  });
  state.listen((now) => {
    canvas.style.cursor = now.measuring ? "crosshair" : "";
  });
  let held = null;
  return {
    press(pane, at) {
      if (!state.now.measuring || pane.kind !== "plane") return false;
      const place = worldAt(pane, state.now, ...at);
      held = { pane, from: place };
      state.set({ measured: { from: place, to: place } }, "measured");
      const end = () => {
        held = null;
        canvas.removeEventListener("pointerup", end);
      };
      canvas.addEventListener("pointerup", end);
      return true;
    },
    move(pane, at) {
      if (held && at) state.set({ measured: { from: held.from, to: worldAt(held.pane, state.now, ...at) } }, "measured");
    },
  };
}

/** The distance between two places. */
export function distance(from, to) {
  return Math.hypot(...["x", "y", "z"].map((axis) => (to[axis] ?? 0) - (from[axis] ?? 0)));
}

function line(context, pane, state, { from, to }, navigate) {
  const [a, b] = [pointAt(pane, state, from), pointAt(pane, state, to)];
  context.lineWidth = 4;
  context.strokeStyle = "#000a";
  stroke(context, a, b);
  context.lineWidth = 2;
  context.strokeStyle = "#ffd75e";
  stroke(context, a, b);
  const text = lengthText(distance(from, to), navigate.unit);
  context.font = "13px system-ui, sans-serif";
  context.textAlign = "left";
  const width = context.measureText(text).width;
  context.fillStyle = "#000b";
  context.fillRect(b[0] + 8, b[1] - 20, width + 10, 20);
  context.fillStyle = "#ffd75e";
  context.fillText(text, b[0] + 13, b[1] - 5);
}

function stroke(context, a, b) {
  context.beginPath();
  context.moveTo(...a);
  context.lineTo(...b);
  context.stroke();
}
