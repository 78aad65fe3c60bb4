// What buttons and keys do.

import { autoContrast } from "../panels/layers.js";
import { saveScreenshot } from "./screenshot.js";

/** All actions by name. */
export function actionsOf({ state, stage, navigate, play, showHelp, showShare }) {
  const chosenLayer = () => state.now.layers.find((layer) => layer.id === state.now.chosen) ?? state.now.layers[0];
  const actions = {
    layout: (layout) => state.set({ layout }, "layout"),
    home: () => {
      const pane = stage.panes.find((one) => one.kind === "plane") ?? stage.panes[0];
      state.set(navigate.home(pane.width, pane.height), "home");
    },
    undo: () => state.undo(),
    redo: () => state.redo(),
    measure: () => state.set({ measuring: !state.now.measuring, measured: state.now.measuring ? null : (state.now.measured ?? null) }, "measure"),
    screenshot: () => saveScreenshot(stage),
    share: showShare,
    help: showHelp,
    theme: () => state.set({ theme: state.now.theme === "dark" ? "light" : "dark" }),
    side: () => state.set({ narrow: !state.now.narrow }),
    bar: () => state.set({ bar: !state.now.bar }),
    auto: () => {
      for (const layer of state.now.layers) if (layer.visible && layer.kind === "image") autoContrast(state, stage, layer.id);
    },
    toggle: (k) => {
      const layer = state.now.layers[k];
      if (layer) state.setLayer(layer.id, { visible: !layer.visible }, "visible");
    },
    outline: () => {
      for (const layer of state.now.layers) if (layer.kind === "labels") state.setLayer(layer.id, { outline: layer.outline ? 0 : 1 }, "outline");
    },
    zoom: (factor) => {
      const pane = stage.panes[0];
      navigate.zoom(pane, factor, [pane.x + pane.width / 2, pane.y + pane.height / 2]);
    },
    pan: (dx, dy) => navigate.pan(stage.panes[0], dx, dy),
    depth: (count) => navigate.step({ xz: "y", yz: "x" }[state.now.layout] ?? "z", count),
    time: (count) => navigate.step("t", count),
    play: () => play({ xz: "y", yz: "x" }[state.now.layout] ?? ((navigate.bounds("t")?.count ?? 1) > 1 ? "t" : "z")),
    solo: () => {
      const one = chosenLayer();
      const alone = state.now.layers.every((layer) => layer.visible === (layer.id === one.id));
      state.set({ layers: state.now.layers.map((layer) => ({ ...layer, visible: alone || layer.id === one.id })) }, "solo");
    },
  };
  return actions;
}
