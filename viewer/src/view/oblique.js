// A plane at any angle through the centre. The server cuts it into tiles: what travels is what is seen.

import { planeAddress } from "../server.js";
import { paintOf } from "../store/dtype.js";
import { directions } from "./turning.js";

const TILE = 192;
/** A sample may be this many pixels wide before finer tiles are asked for. */
const SHARP = 1.4;
const MOST = 200;

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const asArray = (place) => [place.x ?? 0, place.y ?? 0, place.z ?? 0];

export class ObliquePainter {
  /** Draws a pane; what is missing is wished for. */
  draw(pane, stage) {
    const state = stage.state.now;
    const [right, down, into] = directions(state.tilt);
    const centre = asArray(state.centre);
    const [u, v] = [dot(centre, right), dot(centre, down)];
    const half = [(pane.width / 2) * state.scale, (pane.height / 2) * state.scale];
    const view = { u: [u - half[0], u + half[0]], v: [v - half[1], v + half[1]] };
    const toClip = (x, y) => [(x - u) / half[0], (v - y) / half[1]];
    for (const layer of state.layers) {
      if (!layer.visible || layer.kind === "table") continue;
      const image = stage.images.get(layer.source);
      const look = { pane, layer, image, draws: [], stale: [], wishes: [], loading: 0, failed: [], level: 0 };
      if (!image || image.space.length < 3) continue;
      const depth = dot(centre, into);
      const plan = { image, layer, state, right, down, into, depth, view };
      this.#cover(stage.scene, look, plan, state.scale / stage.ratio);
      stage.show(look, toClip, view);
    }
  }

  #cover(scene, look, plan, pixel) {
    const base = Math.min(...["x", "y", "z"].map((axis) => Math.abs(plan.image.levels[0].scale[plan.image.axis(axis)])));
    const power = Math.max(0, Math.floor(Math.log2((pixel * SHARP) / base)));
    look.level = power;
    const requests = tilesOf(plan, base, power);
    const own = scene.ask(look, requests, 1000);
    if (own === requests.length) scene.remember(look);
    else {
      for (const coarser of [2, 4]) {
        const wider = tilesOf(plan, base, power + coarser);
        if (scene.ask(look, wider, 500 - 100 * coarser) === wider.length) {
          scene.remember(look);
          return;
        }
      }
      scene.keep(look);
    }
  }
}

/** Tiles of the plane with samples `base * 2^power` wide that are in view and touch the image. */
function tilesOf(plan, base, power) {
  const { image, view } = plan;
  const step = base * 2 ** power;
  const edge = TILE * step;
  const box = shadow(image, plan);
  const range = (name) => {
    const low = Math.max(view[name][0], box[name][0]);
    const high = Math.min(view[name][1], box[name][1]);
    return [Math.floor(low / edge), Math.ceil(high / edge)];
  };
  const [across, downward] = [range("u"), range("v")];
  const requests = [];
  for (let j = downward[0]; j < downward[1] && requests.length < MOST; j++) {
    for (let i = across[0]; i < across[1] && requests.length < MOST; i++) requests.push(request(plan, step, i, j, power));
  }
  return requests;
}

/** What the image covers of the plane's two directions. */
function shadow(image, { right, down }) {
  const extents = ["x", "y", "z"].map((axis) => image.extent(axis));
  const along = (direction) =>
    direction.reduce(([low, high], d, k) => {
      const ends = [d * extents[k][0], d * extents[k][1]];
      return [low + Math.min(...ends), high + Math.max(...ends)];
    }, [0, 0]);
  return { u: along(right), v: along(down) };
}

function request({ image, layer, state, right, down, into, depth }, step, i, j, power) {
  const level = levelFor(image, step);
  const [u, v] = [(i * TILE + 0.5) * step, (j * TILE + 0.5) * step];
  const place = [0, 1, 2].map((k) => right[k] * u + down[k] * v + into[k] * depth);
  // The server takes axes in the order of the file.
  const names = [...image.entry.axes].map((name) => name.toLowerCase());
  const inOrder = (vector) => names.filter((name) => "xyz".includes(name)).map((name) => vector["xyz".indexOf(name)]);
  const others = names.filter((name) => !"xyz".includes(name)).map((name) => (name === "c" && layer.channel !== null ? layer.channel : (state.at[name] ?? 0)));
  const url = planeAddress(image.name, {
    level,
    at: others,
    origin: inOrder(place),
    u: inOrder(right.map((n) => n * step)),
    v: inOrder(down.map((n) => n * step)),
    size: [TILE, TILE],
    interpolation: layer.kind === "labels" ? "nearest" : "linear",
  });
  const part = (n) => ({ first: n * TILE, count: TILE, low: n * TILE * step, high: (n + 1) * TILE * step });
  return {
    key: url, image: image.name, level: power, index: [i, j], u: part(i), v: part(j), swapped: false, columns: TILE, rows: TILE,
    approximate: image.levels[level].remarks.exact === false,
    format: paintOf(image.dtype, layer.kind),
    job: { url, codecs: [], dtype: image.dtype, kind: layer.kind, columns: TILE, rows: TILE, planes: 1, width: TILE, height: TILE },
  };
}

/** The coarsest level whose samples are no wider than `step` along any axis but the coarsest of the image. */
function levelFor(image, step) {
  const k = ["x", "y", "z"].map((axis) => image.axis(axis));
  for (let level = image.levels.length - 1; level > 0; level--) {
    const finest = Math.min(...k.map((n) => Math.abs(image.levels[level].scale[n])));
    if (finest <= step * 1.01) return level;
  }
  return 0;
}
