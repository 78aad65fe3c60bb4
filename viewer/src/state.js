// What the viewer shows, as one plain object. Everything in it can be written down: it is shared as a link and undone.

/** A state with listeners and a history. */
export class State {
  #now;
  #listeners = new Set();
  #past = [];
  #future = [];
  #mark = null;

  constructor(initial) {
    this.#now = Object.freeze(initial);
  }

  /** The present state. It is never changed in place. */
  get now() {
    return this.#now;
  }

  /** Calls `listener(now, before)` after every change. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Changes some entries. Changes with the same `step` that follow each other within a second are undone together;
   * without a `step` the change is no step of the history (playing, first contrast).
   */
  set(changes, step = null) {
    const before = this.#now;
    if (Object.keys(changes).every((key) => Object.is(before[key], changes[key]))) return;
    if (step !== null) {
      const now = performance.now();
      const same = this.#mark && this.#mark.step === step && now - this.#mark.time < 1000;
      if (!same) {
        this.#past.push(before);
        if (this.#past.length > 200) this.#past.shift();
      }
      this.#future.length = 0;
      this.#mark = { step, time: now };
    }
    this.#become({ ...before, ...changes });
  }

  /** Changes some entries of the layer called `id`. */
  setLayer(id, changes, step = null) {
    const layers = this.#now.layers.map((layer) => (layer.id === id ? { ...layer, ...changes } : layer));
    this.set({ layers }, step === null ? null : `${id} ${step}`);
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Takes back the last step. */
  undo() {
    this.#travel(this.#past, this.#future);
  }

  /** Takes back the last undo. */
  redo() {
    this.#travel(this.#future, this.#past);
  }

  #travel(from, to) {
    if (!from.length) return;
    to.push(this.#now);
    this.#mark = null;
    this.#become(from.pop());
  }

  #become(next) {
    const before = this.#now;
    this.#now = Object.freeze(next);
    for (const listener of this.#listeners) listener(next, before);
  }
}
