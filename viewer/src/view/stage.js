// The canvas: a frame is drawn when something changed, never otherwise.

import { MapTextures } from "../gl/colormaps.js";
import { TilePainter } from "../gl/tiles.js";
import { autoLimits, onScreen } from "../layers/contrast.js";
import { panesOf, span } from "./panes.js";
import { Scene } from "./scene.js";

/** Milliseconds of a frame that may go into bringing tiles to the graphics memory. */
const UPLOAD = 6;

/** The graphics of a canvas. */
export function contextOf(canvas) {
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: true, preserveDrawingBuffer: true });
  if (!gl) throw new Error("This browser offers no WebGL2, which the viewer draws with.");
  return gl;
}

export class Stage {
  #asked = 0;
  panes = [];
  looks = [];
  travel = null;
  listeners = new Set();
  /** Drawers of other kinds of panes and layers: kind of pane to `draw(pane)`. */
  volume = null;
  oblique = null;
  tables = null;

  constructor({ canvas, state, images, tiles, scheduler }) {
    Object.assign(this, { canvas, state, images, tiles, scheduler });
    this.gl = contextOf(canvas);
    this.scene = new Scene(images, tiles, () => this.redraw());
    this.#prepare();
    tiles.onDrop = (tile) => this.painter.release(tile);
    state.listen(() => this.redraw());
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      location.reload();
    });
    new ResizeObserver(() => this.redraw()).observe(canvas.parentElement);
  }

  #prepare() {
    this.maps = new MapTextures(this.gl);
    this.painter = new TilePainter(this.gl, this.maps);
  }

  /** Whether everything that is in view is on the canvas, as fine as it gets. */
  get settled() {
    const shown = (look) => !look.loading && !look.moving && (look.layer.limits || look.layer.kind !== "image") && look.draws.every((tile) => tile.texture);
    return !this.#asked && this.tiles.frame > 0 && this.looks.every(shown);
  }

  /** Asks for a new frame. */
  redraw() {
    if (!this.#asked) this.#asked = requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.#asked = 0;
    const { canvas, gl } = this;
    const ratio = devicePixelRatio || 1;
    const { width, height } = this.#size();
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.ratio = ratio;
    this.tiles.frame += 1;
    this.panes = panesOf(this.state.now.layout, width, height);
    this.uploadUntil = performance.now() + UPLOAD;
    this.looks = [];
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0.3, 0.32, 0.35, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    for (const pane of this.panes) this.#pane(pane, height, ratio);
    this.scheduler.want(this.looks.flatMap((look) => look.wishes));
    this.#mark();
    for (const listener of this.listeners) listener(this);
  }

  /** Tells the browser's own clock when there was a first picture, and when it was complete. */
  #mark() {
    if (!this.pictured && this.looks.some((look) => look.draws.some((tile) => tile.texture))) {
      this.pictured = true;
      performance.mark("petavox first picture");
    }
    if (!this.completed && this.settled && this.pictured) {
      this.completed = true;
      performance.mark("petavox complete");
    }
  }

  /** Whole pixels of the page for the canvas, so that none of its own pixels is spread over two. */
  #size() {
    const box = this.canvas.parentElement.getBoundingClientRect();
    const [width, height] = [Math.floor(box.width), Math.floor(box.height)];
    for (const canvas of this.canvas.parentElement.querySelectorAll("canvas")) {
      if (canvas.style.width !== `${width}px`) canvas.style.width = `${width}px`;
      if (canvas.style.height !== `${height}px`) canvas.style.height = `${height}px`;
    }
    return { width, height };
  }

  #pane(pane, height, ratio) {
    const { gl } = this;
    const box = [pane.x, height - pane.y - pane.height, pane.width, pane.height].map((n) => Math.round(n * ratio));
    gl.viewport(...box);
    gl.scissor(...box);
    gl.enable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (pane.kind === "volume") this.volume?.draw(pane, this, box);
    else if (pane.kind === "oblique") this.oblique?.draw(pane, this, box);
    else this.#plane(pane);
    this.tables?.draw(pane, this);
    gl.disable(gl.SCISSOR_TEST);
  }

  #plane(pane) {
    const state = this.state.now;
    const [u, v] = [span(pane, state, pane.u), span(pane, state, pane.v)];
    const toClip = (x, y) => [(2 * (x - u[0])) / (u[1] - u[0]) - 1, 1 - (2 * (y - v[0])) / (v[1] - v[0])];
    for (const layer of state.layers) {
      if (!layer.visible || layer.kind === "table") continue;
      const look = this.scene.look(state, pane, layer, this.travel, this.ratio);
      this.show(look, toClip, { u, v });
    }
  }

  /** Uploads what a look shows, finds its contrast and draws it. */
  show(look, toClip, view) {
    const state = this.state.now;
    this.looks.push(look);
    look.view = view;
    this.#upload(look);
    const { layer } = look;
    this.#firstContrast(look, view);
    const dress = {
      ...layer,
      limits: layer.limits ?? look.limits ?? [0, 1],
      chosen: this.chosen?.layer === layer.id ? this.chosen.key : 0,
    };
    if (!layer.limits && !look.limits && layer.kind === "image") return;
    this.painter.draw([...look.draws, ...look.stale], toClip, dress, state.scale / this.ratio);
  }

  #upload(look) {
    for (const tile of look.draws) {
      if (tile.texture) continue;
      if (performance.now() > this.uploadUntil) {
        this.redraw();
        return;
      }
      this.painter.upload(tile);
    }
  }

  /** Until somebody sets a layer's contrast it follows what is on screen, and stays once the first view is complete. */
  #firstContrast(look, view) {
    const { layer } = look;
    if (layer.limits || layer.kind !== "image" || !look.draws.length) return;
    look.limits = autoLimits(onScreen(look.draws, view));
    if (look.limits && !look.loading) {
      queueMicrotask(() => this.state.setLayer(layer.id, { limits: look.limits }));
    }
  }
}
