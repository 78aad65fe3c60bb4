// A histogram of what is on screen; the limits of contrast are dragged in it.

import { histogram, onScreen } from "../layers/contrast.js";

const BINS = 96;

/** Wires a canvas to a layer. Returns a function that draws it anew. */
export function histogramOf({ canvas, state, stage, id }) {
  let shown = { low: 0, high: 1 };
  let held = null;
  const layer = () => state.now.layers.find((one) => one.id === id);

  const value = (event) => {
    const box = canvas.getBoundingClientRect();
    const t = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    return shown.low + t * (shown.high - shown.low);
  };
  const drag = (event) => {
    if (held === null) return;
    const limits = [...layer().limits];
    limits[held] = value(event);
    if (limits[0] < limits[1]) state.setLayer(id, { limits }, "contrast");
  };
  canvas.addEventListener("pointerdown", (event) => {
    const limits = layer()?.limits;
    if (!limits) return;
    canvas.setPointerCapture(event.pointerId);
    const at = value(event);
    held = Math.abs(at - limits[0]) < Math.abs(at - limits[1]) ? 0 : 1;
    drag(event);
  });
  canvas.addEventListener("pointermove", drag);
  canvas.addEventListener("pointerup", () => {
    held = null;
  });

  return () => {
    const look = stage.looks.find((one) => one.layer.id === id && one.draws.length && one.view);
    const limits = layer()?.limits;
    if (!look || !limits) return;
    const found = histogram(onScreen(look.draws, look.view), BINS);
    if (held === null) shown = { low: Math.min(found.low, limits[0]), high: Math.max(found.high, limits[1]) };
    draw(canvas, found, shown, limits);
  };
}

function draw(canvas, { low, high, counts }, shown, limits) {
  const [width, height] = [(canvas.width = canvas.clientWidth * devicePixelRatio || 1), (canvas.height = canvas.clientHeight * devicePixelRatio || 1)];
  const context = canvas.getContext("2d");
  const x = (value) => ((value - shown.low) / (shown.high - shown.low || 1)) * width;
  const most = Math.log1p(Math.max(...counts, 1));
  context.fillStyle = "#8a929e";
  counts.forEach((count, k) => {
    const [a, b] = [x(low + ((high - low) * k) / counts.length), x(low + ((high - low) * (k + 1)) / counts.length)];
    const tall = (Math.log1p(count) / most) * (height - 2);
    context.fillRect(a, height - tall, Math.max(1, b - a), tall);
  });
  context.fillStyle = "#3fb8a5";
  for (const limit of limits) context.fillRect(Math.min(Math.max(x(limit) - 1, 0), width - 2), 0, 2, height);
}
