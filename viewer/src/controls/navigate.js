// Moving through the image: every way of doing it ends here.

import { worldAt } from "../view/panes.js";

export class Navigate {
  constructor(state, stage, images) {
    Object.assign(this, { state, stage, images });
  }

  /** Moves the picture of a pane by pixels. */
  pan(pane, dx, dy) {
    const { centre, scale } = this.state.now;
    if (!pane.u) return;
    if (Math.abs(dx) + Math.abs(dy) > 1) {
      const [axis, delta] = Math.abs(dx) > Math.abs(dy) ? [pane.u, -dx] : [pane.v, -dy];
      this.stage.travel = { axis, direction: Math.sign(delta) };
    }
    this.state.set({ centre: { ...centre, [pane.u]: centre[pane.u] - dx * scale, [pane.v]: centre[pane.v] - dy * scale } }, "pan");
  }

  /** Zooms by a factor (above 1: out) around a point of the canvas. */
  zoom(pane, factor, at) {
    const { scale, centre } = this.state.now;
    const extent = this.extent();
    const size = Math.max(...Object.values(extent).map(([a, b]) => b - a), 1e-12);
    const next = Math.min(Math.max(scale * factor, size * 1e-7), size);
    if (!pane.u) {
      this.state.set({ scale: next }, "zoom");
      return;
    }
    const held = worldAt(pane, this.state.now, ...at);
    const moved = {};
    for (const axis of [pane.u, pane.v]) moved[axis] = held[axis] + (centre[axis] - held[axis]) * (next / scale);
    this.state.set({ scale: next, centre: { ...centre, ...moved } }, "zoom");
  }

  /** Turns a view of the volume, or an oblique plane, by pixels. */
  turn(pane, dx, dy) {
    const key = pane.kind === "oblique" ? "tilt" : "turn";
    const [yaw, pitch] = this.state.now[key];
    this.state.set({ [key]: [(yaw + dx * 0.4) % 360, Math.max(-90, Math.min(90, pitch + dy * 0.4))] }, key);
  }

  /** Goes `count` samples along an axis. */
  step(axis, count) {
    const bounds = this.bounds(axis);
    if (bounds) this.goTo(axis, Math.min(Math.max(this.position(axis) + count, 0), bounds.count - 1), "step");
  }

  /** Goes to a sample of an axis. */
  goTo(axis, index, step = null) {
    const bounds = this.bounds(axis);
    if (!bounds) return;
    const before = this.position(axis);
    if (index !== before) this.stage.travel = { axis, direction: Math.sign(index - before) };
    if (bounds.space) {
      this.state.set({ centre: { ...this.state.now.centre, [axis]: bounds.first + index * bounds.step } }, step && `${step} ${axis}`);
    } else this.state.set({ at: { ...this.state.now.at, [axis]: index } }, step && `${step} ${axis}`);
  }

  /** The sample an axis stands at. */
  position(axis) {
    const bounds = this.bounds(axis);
    if (!bounds) return 0;
    return bounds.space
      ? Math.round(((this.state.now.centre[axis] ?? 0) - bounds.first) / bounds.step)
      : (this.state.now.at[axis] ?? 0);
  }

  /** Samples of an axis, of the image that has the finest. */
  bounds(axis) {
    let best = null;
    for (const image of this.images.values()) {
      const k = image.axis(axis);
      if (k < 0) continue;
      const { shape, scale, translate } = image.levels[0];
      const space = ["x", "y", "z"].includes(axis);
      const found = { count: shape[k], first: translate[k], step: scale[k], space, unit: image.units[axis] };
      if (!best || (space ? found.step < best.step : found.count > best.count)) best = found;
    }
    return best;
  }

  /** The unit of lengths; without one, samples where they are 1 wide. */
  get unit() {
    const bounds = this.bounds("x");
    return bounds?.unit ?? (bounds?.step === 1 ? "pixel" : "");
  }

  /** Axes in the order in which the images have them, each once. */
  get axes() {
    return [...new Set([...this.images.values()].flatMap((image) => image.axes))];
  }

  /** Edges of everything that is open, per axis in space. */
  extent() {
    const extent = {};
    for (const image of this.images.values()) {
      for (const axis of image.space) {
        const [low, high] = image.extent(axis);
        const known = extent[axis] ?? [Infinity, -Infinity];
        extent[axis] = [Math.min(known[0], low), Math.max(known[1], high)];
      }
    }
    return extent;
  }

  /** The state in which everything open is in view. */
  home(width, height) {
    const extent = this.extent();
    const centre = {};
    for (const axis of ["x", "y", "z"]) {
      const [low, high] = extent[axis] ?? [0, 0];
      const bounds = this.bounds(axis);
      // The middle of a sample, so that a slider stands on it.
      centre[axis] = bounds ? bounds.first + Math.floor((bounds.count - 1) / 2) * bounds.step : (low + high) / 2;
      if (axis !== "z") centre[axis] = (low + high) / 2;
    }
    const size = (axis) => (extent[axis] ? extent[axis][1] - extent[axis][0] : 0);
    const scale = Math.max(size("x") / width, size("y") / height) * 1.04 || 1;
    return { centre, scale };
  }
}
