// The list of layers, each with what changes its looks.

import { COLORMAPS } from "../gl/colormaps.js";
import { fill, h, short } from "../dom.js";
import { autoLimits, onScreen, wholeImage } from "../layers/contrast.js";
import { progressText } from "./computing.js";
import { histogramOf } from "./histogram.js";

/** Keeps `box` filled with a card per layer. `extra(layer)` may add rows of its own to a card. */
export function layersPanel({ box, state, stage, images, scheduler, extra }) {
  let cards = [];
  let signature = "";

  const build = () => {
    cards = state.now.layers.map((layer) => card(layer, { state, stage, images, scheduler, extra }));
    fill(box, cards.map((one) => one.element));
  };
  const update = () => {
    const next = state.now.layers.map((layer) => `${layer.id} ${layer.kind}`).join("\n");
    if (next !== signature) {
      signature = next;
      build();
    }
    state.now.layers.forEach((layer, k) => cards[k].update(layer));
  };
  let due = 0;
  stage.listeners.add(() => {
    if (due) return;
    due = setTimeout(() => {
      due = 0;
      for (const one of cards) one.frame();
    }, 150);
  });
  state.listen(update);
  update();
  return update;
}

/** Sets a layer's contrast to what is on screen. */
export function autoContrast(state, stage, id) {
  const look = stage.looks.find((one) => one.layer.id === id && one.draws.length);
  const limits = look && autoLimits(onScreen(look.draws, look.view));
  if (limits) state.setLayer(id, { limits }, "auto");
}

function card(layer, tools) {
  const { state, stage, images, scheduler, extra } = tools;
  const { id } = layer;
  const now = () => state.now.layers.find((one) => one.id === id);
  const set = (changes, step) => state.setLayer(id, changes, step);
  const image = images.get(layer.source);

  const eye = h("input", { type: "checkbox", title: "Visible", onchange: () => set({ visible: eye.checked }, "visible") });
  const mark = h("span.mark", { onclick: () => scheduler.retry() });
  const name = h("span.name", { title: id, onclick: () => state.set({ chosen: id }) }, id);
  const opacity = range(0, 1, 0.01, "opacity", (value) => set({ opacity: value }, "opacity"));
  const reason = h("div.reason", { hidden: true });
  const rows = [h("div.row", {}, h("span", {}, "opacity"), opacity)];
  const updates = [];
  const frames = [];

  if (layer.kind === "image") imageRows({ rows, updates, frames, id, state, stage, set, now, image });
  if (layer.kind === "labels") labelRows({ rows, updates, set });
  if (image && ["image", "labels"].includes(layer.kind)) {
    rows.push(h("div.facts", {}, `${image.levels[0].shape.join(" × ")} ${image.dtype} · ${image.axes.join("")} · ${image.levels.length} level${image.levels.length > 1 ? "s" : ""}`));
  }
  const more = extra?.(layer);
  if (more) {
    rows.push(more.element);
    if (more.update) updates.push(more.update);
    if (more.frame) frames.push(more.frame);
  }

  const element = h("section.layer", { "data-layer": id }, h("div.head", {}, eye, name, mark), rows, reason);
  return {
    element,
    update: (next) => {
      eye.checked = next.visible;
      opacity.value = String(next.opacity);
      element.classList.toggle("chosen", state.now.chosen === id);
      for (const update of updates) update(next);
    },
    frame: () => {
      const looks = stage.looks.filter((look) => look.layer.id === id);
      const failed = looks.flatMap((look) => look.failed);
      const error = image?.error ?? failed[0]?.error ?? (looks.some((look) => look.tooFar) ? "Too many tiles for this zoom: the image has no coarser level. Zoom in." : null);
      mark.className = error ? "mark bad" : looks.some((look) => look.loading) ? "mark busy" : "mark";
      mark.textContent = error ? "⚠" : looks.some((look) => look.draws.some((tile) => tile.approximate && (look.loading || tile.level === look.level))) ? "≈" : "";
      mark.title = error ? "Something failed. Click to try again." : mark.textContent ? "Approximate at this zoom; exact when zoomed in." : "";
      const waits = stage.progress?.get(layer.source);
      reason.hidden = !error && !waits;
      reason.classList.toggle("calm", !error);
      reason.textContent = error ? (failed.length > 1 ? `${failed.length} tiles failed: ${error}` : error) : waits ? progressText(waits) : "";
      for (const frame of frames) frame();
    },
  };
}

function imageRows({ rows, updates, frames, id, state, stage, set, now, image }) {
  const canvas = h("canvas.histogram", { title: "Histogram of what is on screen; drag the limits" });
  frames.push(histogramOf({ canvas, state, stage, id }));
  const low = number("lower limit of contrast", (value) => now().limits && value < now().limits[1] && set({ limits: [value, now().limits[1]] }, "contrast"));
  const high = number("upper limit of contrast", (value) => now().limits && value > now().limits[0] && set({ limits: [now().limits[0], value] }, "contrast"));
  const auto = h("button", { title: "Contrast from what is on screen (a)", onclick: () => autoContrast(state, stage, id) }, "view");
  const whole = h("button", { title: "Contrast from the whole image, or its coarse level where it is large" }, "image");
  whole.onclick = async () => {
    whole.disabled = true;
    try {
      set({ limits: await wholeImage(image, now(), state.now) }, "contrast of the image");
    } catch (error) {
      whole.title = error.message;
      whole.classList.add("bad");
    }
    whole.disabled = false;
  };
  const map = choice(COLORMAPS, "colour map", (value) => set({ map: value }, "map"));
  const gamma = range(0.2, 3, 0.01, "gamma", (value) => set({ gamma: value }, "gamma"));
  const blend = choice(["additive", "translucent"], "blending", (value) => set({ additive: value === "additive" }, "blend"));
  rows.unshift(canvas, h("div.row", {}, h("span", {}, "contrast"), h("div.pair", {}, low, high)), h("div.row", {}, h("span", {}, "auto"), h("div.pair", {}, auto, whole)), h("div.row", {}, h("span", {}, "colours"), map), h("div.row", {}, h("span", {}, "gamma"), gamma));
  rows.push(h("div.row", {}, h("span", {}, "blending"), blend));
  updates.push((layer) => {
    if (layer.limits) {
      if (document.activeElement !== low) low.value = short(Number(layer.limits[0].toPrecision(5)));
      if (document.activeElement !== high) high.value = short(Number(layer.limits[1].toPrecision(5)));
    }
    if (!COLORMAPS.includes(layer.map) && ![...map.options].some((o) => o.value === layer.map)) map.append(h("option", {}, layer.map));
    map.value = layer.map;
    gamma.value = String(layer.gamma);
    blend.value = layer.additive ? "additive" : "translucent";
  });
}

function labelRows({ rows, updates, set }) {
  const outline = range(0, 5, 1, "width of outlines", (value) => set({ outline: value }, "outline"));
  rows.push(h("div.row", {}, h("span", {}, "outline"), outline));
  updates.push((layer) => {
    outline.value = String(layer.outline);
  });
}

function range(min, max, step, label, change) {
  const input = h("input", { type: "range", min: String(min), max: String(max), step: String(step), "aria-label": label, title: label });
  input.addEventListener("input", () => change(Number(input.value)));
  return input;
}

function number(label, change) {
  const input = h("input", { type: "number", step: "any", "aria-label": label, title: label });
  input.addEventListener("change", () => Number.isFinite(input.valueAsNumber) && change(input.valueAsNumber));
  return input;
}

function choice(names, label, change) {
  const select = h("select", { "aria-label": label }, names.map((name) => h("option", {}, name)));
  select.addEventListener("change", () => change(select.value));
  return select;
}
