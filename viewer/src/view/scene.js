// For a state: the tiles each pane shows, finest first, and those it still needs.

import { TILE } from "../store/image.js";
import { levelFor, requestsFor } from "./levels.js";
import { depthAxis } from "./panes.js";

/** Planes ahead, in the direction of travel, that are fetched once everything in view is there. */
const AHEAD = 2;

export class Scene {
  #shown = new Map();

  constructor(images, tiles, changed) {
    this.images = images;
    this.tiles = tiles;
    this.changed = changed;
  }

  /**
   * What `pane` shows of `layer`: `draws` (tiles in the order in which they cover each other), `stale` (the picture before,
   * while nothing of the new one is there), `wishes` (tiles with priorities) and what is loading and failed.
   */
  look(state, pane, layer, travel, ratio) {
    const found = { pane, layer, image: this.images.get(layer.source), draws: [], stale: [], wishes: [], loading: 0, failed: [], level: 0 };
    if (!found.image) return found;
    const levels = found.image.levelsFor([pane.u, pane.v], TILE, this.changed);
    if (!levels) {
      found.loading = 1;
      return this.keep(found);
    }
    const view = { image: found.image, layer, levels, pane, state, at: state.centre };
    let level = levelFor(levels, found.image.axes, pane.u, pane.v, state.scale / ratio);
    let requests = requestsFor({ ...view, level });
    while (requests === "too many" && level < levels.length - 1) requests = requestsFor({ ...view, level: (level += 1) });
    if (requests === null) return found;
    if (requests === "too many") {
      found.tooFar = true;
      return this.keep(found);
    }
    found.level = level;
    const complete = this.#cover(found, view, levels, level, requests);
    if (!found.loading) this.#ahead(found, view, levels, level, travel);
    return complete ? this.remember(found) : this.keep(found);
  }

  /** Fills `draws` and `wishes`. True when no place in view is left without any picture. */
  #cover(found, view, levels, level, requests) {
    const last = levels.length - 1;
    const own = this.ask(found, requests, 1000);
    if (level > 0 && own < requests.length) this.#take(found, requestsFor({ ...view, level: level - 1 }));
    let covered = own === requests.length;
    for (let coarse = level + 1; coarse <= last; coarse++) {
      const wider = requestsFor({ ...view, level: coarse });
      if (!Array.isArray(wider)) continue;
      const asked = !covered && (coarse === last || coarse === level + 2);
      const ready = asked ? this.ask(found, wider, coarse === last ? 0 : 500) : this.#take(found, wider);
      covered ||= ready === wider.length;
    }
    return covered;
  }

  /** Tiles of `requests` that are there are drawn, the others wished for, nearest to the middle first. */
  ask(found, requests, priority) {
    const { pane } = found;
    const middle = requests.length / 2;
    let ready = 0;
    requests.forEach((request, k) => {
      const tile = this.tiles.touch(request);
      if (tile.state === "ready") {
        found.draws.push(tile);
        ready += 1;
        if (tile.stale) found.wishes.push([tile, priority]);
        return;
      }
      // A coarser tile that fails only matters where the finer ones do, which then say so themselves.
      if (tile.state === "failed" && tile.level === found.level) found.failed.push(tile);
      if (tile.state === "later") found.computing = true;
      if (tile.state !== "failed" || tile.attempts < 3) {
        found.wishes.push([tile, priority + Math.abs(k - middle) + (pane.kind === "plane" ? 0 : 300)]);
        if (tile.state !== "failed") found.loading += 1;
      }
    });
    return ready;
  }

  /** Tiles of `requests` that happen to be there are drawn. */
  #take(found, requests) {
    if (!Array.isArray(requests)) return 0;
    let ready = 0;
    for (const request of requests) {
      if (this.tiles.get(request.key)?.state !== "ready") continue;
      found.draws.push(this.tiles.touch(request));
      ready += 1;
    }
    return ready;
  }

  /** Wishes for what will be in view if the movement goes on. */
  #ahead(found, view, levels, level, travel) {
    if (!travel) return;
    const { pane, state } = view;
    const { axis, direction } = travel;
    for (let n = 1; n <= AHEAD; n++) {
      const next = { ...state, centre: { ...state.centre }, at: { ...state.at } };
      const k = found.image.axis(axis);
      if (k < 0) return;
      if (axis === pane.u || axis === pane.v) next.centre[axis] += direction * 0.4 * pane.width * state.scale * n;
      else if (axis === depthAxis(pane)) next.centre[axis] += direction * n * Math.abs(found.image.levels[0].scale[k]);
      else next.at[axis] = Math.max(0, (next.at[axis] ?? 0) + direction * n);
      const requests = requestsFor({ ...view, state: next, at: next.centre, level });
      if (!Array.isArray(requests)) return;
      for (const request of requests) {
        const tile = this.tiles.touch(request);
        if (tile.state !== "ready" && tile.state !== "failed") found.wishes.push([tile, 100000 * n]);
      }
    }
  }

  /** Keeps what is shown, for the time when the next picture is not complete yet. */
  remember(found) {
    this.#shown.set(`${found.pane.id} ${found.layer.id}`, found.draws);
    return found;
  }

  /** Puts the last complete picture behind one that is not. */
  keep(found) {
    found.stale = (this.#shown.get(`${found.pane.id} ${found.layer.id}`) ?? []).filter((tile) => tile.state === "ready" && tile.texture);
    return found;
  }
}
