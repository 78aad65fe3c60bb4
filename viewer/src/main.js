// Puts the parts together.

import { actionsOf } from "./controls/actions.js";
import { keyboard } from "./controls/keyboard.js";
import { measure } from "./controls/measure.js";
import { Navigate } from "./controls/navigate.js";
import { pointer } from "./controls/pointer.js";
import { sliders } from "./controls/sliders.js";
import { MarkPainter } from "./gl/marks.js";
import { VolumePainter } from "./gl/volume.js";
import { h } from "./dom.js";
import { completed, layersOf } from "./layers/model.js";
import { Table, tableLayer } from "./layers/table.js";
import { live } from "./live.js";
import * as link from "./link.js";
import { bar } from "./panels/bar.js";
import { computing } from "./panels/computing.js";
import { showHelp, showShare } from "./panels/dialogs.js";
import { layersPanel } from "./panels/layers.js";
import { resources } from "./panels/resources.js";
import { tableRows } from "./panels/table.js";
import { status } from "./panels/status.js";
import { Scheduler } from "./scheduler.js";
import * as server from "./server.js";
import { State } from "./state.js";
import { Image } from "./store/image.js";
import { start as startWorkers } from "./store/pool.js";
import { Tiles } from "./store/tiles.js";
import { labelKey } from "./store/dtype.js";
import { ObliquePainter } from "./view/oblique.js";
import { overlay } from "./view/overlay.js";
import { worldAt } from "./view/panes.js";
import { Probe } from "./view/probe.js";
import { contextOf, Stage } from "./view/stage.js";

const part = (id) => document.getElementById(id);

async function start() {
  startWorkers();
  // Browsers take a while to set up graphics: they can do so while the server answers.
  const canvas = part("picture");
  contextOf(canvas);
  const [entries, shown] = await Promise.all([server.images(), server.tables()]);
  const images = new Map();
  const opened = await Promise.allSettled(entries.map((entry) => Image.open(entry)));
  opened.forEach((one, k) => {
    if (one.status === "fulfilled") images.set(entries[k].name, one.value);
    else say(`${entries[k].name}: ${one.reason.message}`);
  });

  const tables = new Map();
  for (const entry of shown) {
    tables.set(entry.name, new Table(entry, server.column, (name) => server.paths(name, entry.rows), () => stage?.redraw()));
  }

  let stage = null;
  const state = new State({
    layout: "xy", centre: { x: 0, y: 0, z: 0 }, at: {}, scale: 1, turn: [30, 25], tilt: [30, 0],
    layers: [...[...images.values()].flatMap(layersOf), ...[...tables.values()].map(tableLayer)], bar: true, theme: matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark", chosen: null,
  });
  const tiles = new Tiles();
  const scheduler = new Scheduler(tiles, () => stage.redraw());
  stage = new Stage({ canvas, state, images, tiles, scheduler });
  stage.volume = new VolumePainter(stage);
  stage.oblique = new ObliquePainter();
  stage.tables = new MarkPainter(stage, tables);
  const navigate = new Navigate(state, stage, images);
  state.set(navigate.home(canvas.clientWidth, canvas.clientHeight));
  const linked = link.read(location.hash);
  if (linked) state.set({ ...linked, layers: linked.layers ? completed(linked.layers, state.now.layers) : state.now.layers });
  link.follow(state);

  let cursor = null;
  const showStatus = status({ box: part("status"), navigate, stage, scheduler });
  const look = () => {
    const place = cursor && cursor.pane.kind !== "volume" ? worldAt(cursor.pane, state.now, ...cursor.at) : null;
    const values = place ? probe.at(cursor.pane, place) : [];
    const label = values.find(({ layer, value }) => layer.kind === "labels" && value);
    const chosen = label ? { layer: label.layer.id, key: labelKey(label.value) } : null;
    if (chosen?.key !== stage.chosen?.key || chosen?.layer !== stage.chosen?.layer) {
      stage.chosen = chosen;
      stage.redraw();
    }
    showStatus(place, values);
  };
  const probe = new Probe(stage, look);
  const tools = measure({ state, navigate, canvas });
  pointer({
    stage, state, canvas, navigate, tools,
    onHover: (pane, at) => {
      cursor = pane ? { pane, at } : null;
      look();
    },
    onClick: (pane, at) => pick(stage, pane, at),
  });
  stage.listeners.add(look);
  overlay({ canvas: part("overlay"), stage, navigate });
  const { play } = sliders({ box: part("sliders"), state, navigate, stage, scheduler });
  const list = h("div");
  part("side").append(list);
  const actions = actionsOf({ state, stage, navigate, play, showHelp, showShare: () => showShare({ state, stage, images, tables }) });
  bar({ box: part("bar"), state, actions, navigate });
  keyboard(actions);
  dress(state);
  layersPanel({ box: list, state, stage, images, scheduler, extra: (layer) => tables.has(layer.source) && tableRows({ layer, table: tables.get(layer.source), state, stage }) });
  computing(stage);
  live({ stage, images, tiles, changed: () => probe.forget() });
  resources({ box: part("side"), stage, tiles, scheduler });
  stage.redraw();
  // For scripts and tests: the parts by name.
  globalThis.petavox = { state, stage, tiles, scheduler, images, tables, navigate };
}

/** The row of a table under the cursor becomes the picked one. */
function pick(stage, pane, at) {
  const { state } = stage;
  for (const layer of [...state.now.layers].reverse()) {
    if (layer.kind !== "table" || !layer.visible) continue;
    const row = stage.tables.rowAt(pane, at, layer);
    if (row !== null) {
      state.set({ picked: { layer: layer.id, row } }, "picked");
      return;
    }
  }
  if (state.now.picked) state.set({ picked: null }, "picked");
}

/** The page's own looks follow the state. */
function dress(state) {
  const wear = () => {
    document.documentElement.classList.toggle("light", state.now.theme === "light");
    document.body.classList.toggle("narrow", state.now.narrow === true);
  };
  state.listen(wear);
  wear();
}

function say(text) {
  const message = part("message");
  message.hidden = false;
  message.classList.add("bad");
  message.textContent = text;
}

start().catch((error) => say(error.message));
