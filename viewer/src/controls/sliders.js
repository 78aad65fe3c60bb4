// A slider for every axis the picture does not spread out, with play.

import { fill, h, short } from "../dom.js";

const FRAMES_PER_SECOND = 10;

/** Keeps `box` filled with the sliders the state needs. */
export function sliders({ box, state, navigate, stage, scheduler }) {
  let rows = [];
  let signature = "";
  let playing = null;

  const wanted = () => {
    const { layout, layers } = state.now;
    const spread = { xy: "xy", xz: "xz", yz: "yz", 4: "", "3d": "xyz", oblique: "xyz" }[layout] ?? "";
    const split = layers.some((layer) => layer.channel !== null && layer.channel !== undefined);
    return navigate.axes.filter((axis) => !spread.includes(axis) && !(axis === "c" && split) && (navigate.bounds(axis)?.count ?? 1) > 1);
  };

  const play = (axis) => {
    playing = playing?.axis === axis ? null : { axis, last: 0 };
    if (playing) requestAnimationFrame(tick);
    update();
  };

  const tick = (now) => {
    if (!playing) return;
    // The next picture is shown when this one is complete, so that playing never runs ahead of loading.
    const complete = stage.looks.every((look) => !look.loading) || scheduler.underWay + scheduler.waiting === 0;
    if (complete && now - playing.last >= 1000 / FRAMES_PER_SECOND) {
      playing.last = now;
      const { count } = navigate.bounds(playing.axis);
      navigate.goTo(playing.axis, (navigate.position(playing.axis) + 1) % count);
    }
    requestAnimationFrame(tick);
  };

  const build = (axes) => {
    rows = axes.map((axis) => {
      const input = h("input", { type: "range", min: "0", max: String(navigate.bounds(axis).count - 1), step: "1", "aria-label": `position along ${axis}` });
      input.addEventListener("input", () => navigate.goTo(axis, Number(input.value), "slide"));
      const output = h("output");
      const button = h("button.bare", { title: `Play along ${axis}`, onclick: () => play(axis) }, "▶");
      const element = h("div.slider", { "data-axis": axis }, h("label", {}, axis), button, input, output);
      return { axis, input, output, button, element };
    });
    fill(box, rows.map((row) => row.element));
  };

  const update = () => {
    const axes = wanted();
    const next = axes.map((axis) => `${axis}${navigate.bounds(axis).count}`).join();
    if (next !== signature) {
      signature = next;
      build(axes);
    }
    for (const { axis, input, output, button } of rows) {
      const { count, first, step, unit, space } = navigate.bounds(axis);
      const index = navigate.position(axis);
      input.value = String(index);
      const place = space && (step !== 1 || first !== 0) ? ` · ${short(first + index * step)} ${unitName(unit)}` : "";
      output.textContent = `${index} / ${count - 1}${place}`;
      button.textContent = playing?.axis === axis ? "⏸" : "▶";
    }
  };

  state.listen(update);
  update();
  return { play, stop: () => playing && play(playing.axis), update };
}

/** The short name of a unit. */
export function unitName(unit) {
  const known = { micrometer: "µm", micrometre: "µm", um: "µm", nanometer: "nm", nanometre: "nm", millimeter: "mm", millimetre: "mm", meter: "m", angstrom: "Å", second: "s", pixel: "px" };
  return known[unit] ?? unit ?? "";
}
