// The value under the cursor: of the tile in view at once, of the sample itself as soon as the cursor rests.

import { sample } from "../server.js";
import { arrayOf } from "../store/dtype.js";

const REST = 80;

export class Probe {
  #timer = 0;
  #control = null;
  #exact = new Map();

  constructor(stage, changed) {
    Object.assign(this, { stage, changed });
  }

  /** Values of all layers in view at a place: `{layer, index, value, level}`; level 0 is the sample itself. */
  at(pane, place) {
    const state = this.stage.state.now;
    const found = [];
    for (const look of this.stage.looks) {
      if (look.pane.id !== pane.id || !look.image) continue;
      const index = look.image.indexAt(place, state.at, look.layer.channel);
      if (!index) continue;
      const key = `${look.layer.source}|${index.join()}`;
      const known = this.#exact.get(key);
      if (known !== undefined) found.push({ layer: look.layer, index, value: known, level: 0 });
      else found.push({ layer: look.layer, index, ...seen(look, place, pane) });
    }
    this.#later(found);
    return found;
  }

  /** Forgets values that may have changed. */
  forget() {
    this.#exact.clear();
  }

  #later(found) {
    clearTimeout(this.#timer);
    this.#control?.abort();
    const open = found.filter((one) => one.level !== 0);
    if (open.length) this.#timer = setTimeout(() => this.#ask(open), REST);
  }

  async #ask(open) {
    const control = new AbortController();
    this.#control = control;
    for (const { layer, index } of open) {
      const image = this.stage.images.get(layer.source);
      try {
        const bytes = await sample(layer.source, index, control.signal);
        if (this.#exact.size > 1000) this.#exact.clear();
        const [value] = new (arrayOf(image.dtype))(bytes);
        this.#exact.set(`${layer.source}|${index.join()}`, value);
      } catch {
        return;
      }
    }
    this.changed();
  }
}

/** The value of the finest tile in view at a place. */
function seen(look, place, pane) {
  const tile = look.draws.find((one) => inside(one.u, place[pane.u]) && inside(one.v, place[pane.v]));
  if (!tile) return { value: undefined, level: null };
  const step = (part, at) => Math.min(part.count - 1, Math.floor(((at - part.low) / (part.high - part.low)) * part.count));
  const [i, j] = [step(tile.u, place[pane.u]), step(tile.v, place[pane.v])];
  const offset = tile.swapped ? i * tile.columns + j : j * tile.columns + i;
  return { value: tile.samples[offset], level: tile.level };
}

function inside(part, at) {
  return at >= part.low && at < part.high;
}
