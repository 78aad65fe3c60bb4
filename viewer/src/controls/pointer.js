// Mouse, pen and fingers on the picture: pan, zoom, pinch, click, hover.

import { depthAxis, paneAt, worldAt } from "../view/panes.js";

/** A press that moves less than this many pixels is a click. */
const CLICK = 4;

/** Listens on the canvas. `tools` may take presses and moves for themselves (measuring). */
export function pointer({ stage, state, canvas, navigate, onHover, onClick, tools }) {
  const down = new Map();
  let moved = 0;
  let pinch = null;
  let pane = null;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    const at = place(event);
    if (!down.size) {
      moved = 0;
      pane = paneAt(stage.panes, ...at);
    }
    down.set(event.pointerId, at);
    pinch = down.size === 2 ? gauge(down) : null;
    if (down.size === 1 && pane && tools.press?.(pane, at, event)) down.clear();
  });

  canvas.addEventListener("pointermove", (event) => {
    const at = place(event);
    const before = down.get(event.pointerId);
    if (!before) {
      const over = paneAt(stage.panes, ...at);
      tools.move?.(over, at);
      onHover(over, at);
      return;
    }
    down.set(event.pointerId, at);
    const [dx, dy] = [at[0] - before[0], at[1] - before[1]];
    moved += Math.abs(dx) + Math.abs(dy);
    if (!pane) return;
    if (down.size === 2 && pinch) {
      const next = gauge(down);
      navigate.zoom(pane, pinch.distance / next.distance, next.middle);
      navigate.pan(pane, next.middle[0] - pinch.middle[0], next.middle[1] - pinch.middle[1]);
      pinch = next;
    } else if (down.size === 1) {
      if (pane.kind !== "plane") navigate.turn(pane, dx, dy, event.shiftKey);
      else navigate.pan(pane, dx, dy);
      onHover(pane, at);
    }
  });

  const release = (event) => {
    const at = down.get(event.pointerId);
    down.delete(event.pointerId);
    pinch = null;
    if (at && !down.size && moved < CLICK && event.type === "pointerup" && pane) onClick(pane, at, event);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => onHover(null, null));

  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const at = place(event);
      const over = paneAt(stage.panes, ...at);
      if (!over) return;
      const steps = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
      if (event.shiftKey && over.kind === "plane") navigate.step(depthAxis(over), Math.sign(steps || event.deltaX));
      else navigate.zoom(over, Math.exp(Math.max(-100, Math.min(100, steps)) * (event.ctrlKey ? 0.01 : 0.002)), at);
    },
    { passive: false },
  );

  canvas.addEventListener("dblclick", (event) => {
    const at = place(event);
    const over = paneAt(stage.panes, ...at);
    if (over?.kind === "plane") state.set({ centre: worldAt(over, state.now, ...at) }, "centre");
  });
}

function gauge(down) {
  const [a, b] = [...down.values()];
  return { distance: Math.hypot(a[0] - b[0], a[1] - b[1]) || 1, middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
}
