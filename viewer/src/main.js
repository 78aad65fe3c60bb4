// Puts the parts together.

import { actionsOf } from "./controls/actions.js";
import { keyboard } from "./controls/keyboard.js";
import { measure } from "./controls/measure.js";
import { Navigate } from "./controls/navigate.js";
import { pointer } from "./controls/pointer.js";
import { sliders } from "./controls/sliders.js";
import { VolumePainter } from "./gl/volume.js";
import { h } from "./dom.js";
import { completed, layersOf } from "./layers/model.js";
import * as link from "./link.js";
import { bar } from "./panels/bar.js";
import { computing } from "./panels/computing.js";
import { showHelp, showShare } from "./panels/dialogs.js";
import { layersPanel } from "./panels/layers.js";
import { resources } from "./panels/resources.js";
import { status } from "./panels/status.js";
import { Scheduler } from "./scheduler.js";
import * as server from "./server.js";
import { State } from "./state.js";
import { Image } from "./store/image.js";
import { Tiles } from "./store/tiles.js";
import { labelKey } from "./store/dtype.js";
import { overlay } from "./view/overlay.js";
import { worldAt } from "./view/panes.js";
import { Probe } from "./view/probe.js";
import { Stage } from "./view/stage.js";

const part = (id) => document.getElementById(id);

async function start() {
  const entries = await server.images();
  const images = new Map();
  const opened = await Promise.allSettled(entries.map((entry) => Image.open(entry)));
  opened.forEach((one, k) => {
    if (one.status === "fulfilled") images.set(entries[k].name, one.value);
    else say(`${entries[k].name}: ${one.reason.message}`);
  });

  const state = new State({
    layout: "xy", centre: { x: 0, y: 0, z: 0 }, at: {}, scale: 1, turn: [30, 25], tilt: [30, 0],
    layers: [...images.values()].flatMap(layersOf), bar: true, theme: matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark", chosen: null,
  });
  const tiles = new Tiles();
  const canvas = part("picture");
  let stage = null;
  const scheduler = new Scheduler(tiles, () => stage.redraw());
  stage = new Stage({ canvas, state, images, tiles, scheduler });
  stage.volume = new VolumePainter(stage);
  const navigate = new Navigate(state, stage, images);
  state.set(navigate.home(canvas.clientWidth, canvas.clientHeight));
  const linked = link.read(location.hash);
  if (linked) state.set({ ...linked, layers: linked.layers ? completed(linked.layers, images) : state.now.layers });
  link.follow(state);

  let cursor = null;
  const showStatus = status({ box: part("status"), navigate, stage, scheduler });
  const look = () => {
    const place = cursor?.pane.u ? worldAt(cursor.pane, state.now, ...cursor.at) : null;
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
    onClick: () => {},
  });
  stage.listeners.add(look);
  overlay({ canvas: part("overlay"), stage, navigate });
  const { play } = sliders({ box: part("sliders"), state, navigate, stage, scheduler });
  const list = h("div");
  part("side").append(list);
  const actions = actionsOf({ state, stage, navigate, play, showHelp, showShare: () => showShare({ state, stage, images }) });
  bar({ box: part("bar"), state, actions, navigate });
  keyboard(actions);
  dress(state);
  layersPanel({ box: list, state, stage, images, scheduler });
  computing(stage);
  resources({ box: part("side"), stage, tiles, scheduler });
  stage.redraw();
  // For scripts and tests: the parts by name.
  globalThis.petavox = { state, stage, tiles, scheduler, images, navigate };
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
