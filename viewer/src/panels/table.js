// The rows of a table. A click on a row shows its branch or point, a click on the picture finds the row.

import { COLORMAPS } from "../gl/colormaps.js";
import { fill, h, short } from "../dom.js";

/** Height of a row and rows that fit, as in style.css. */
const ROW = 20;
const VISIBLE = 12;

/** What a table's card has beside the usual: colours, width, and its rows. */
export function tableRows({ layer, table, state, stage }) {
  const { id } = layer;
  const set = (changes, step) => state.setLayer(id, changes, step);
  const select = (names, label, change) => {
    const element = h("select", { "aria-label": label }, names.map((name) => h("option", { value: name }, name || "one colour")));
    element.addEventListener("change", () => change(element.value));
    return element;
  };
  const by = select(["", ...table.names], "column that colours", (value) => set({ by: value || null }, "by"));
  const map = select([...COLORMAPS, "labels"], "colour map", (value) => set({ map: value }, "map"));
  const width = h("input", { type: "range", min: "1", max: "20", step: "1", "aria-label": "width" });
  width.addEventListener("input", () => set({ width: Number(width.value) }, "width"));
  const body = h("tbody");
  const before = h("div");
  const after = h("div");
  let order = null;
  let sorted = { name: null, down: false };

  const sort = (name) => {
    sorted = { name, down: sorted.name === name && !sorted.down };
    const values = table.column(name);
    order = null;
    if (values) {
      const sign = sorted.down ? -1 : 1;
      order = Uint32Array.from({ length: table.rows }, (_, k) => k).sort((a, b) => sign * (values[a] > values[b] ? 1 : values[a] < values[b] ? -1 : a - b));
    }
    show();
  };
  const head = h("tr", {}, h("th", {}, "row"), table.names.map((name) => h("th", { title: "Sort", onclick: () => sort(name) }, name)));
  const scroll = h("div.tablewrap", { onscroll: () => show() }, before, h("table", {}, h("thead", {}, head), body), after);

  const show = () => {
    const first = Math.min(Math.floor(scroll.scrollTop / ROW), Math.max(0, table.rows - VISIBLE));
    const count = Math.min(table.rows - first, VISIBLE + 2);
    before.style.height = `${first * ROW}px`;
    after.style.height = `${Math.max(0, table.rows - first - count) * ROW}px`;
    const columns = table.names.map((name) => table.column(name));
    const picked = state.now.picked?.layer === id ? state.now.picked.row : -1;
    fill(body, Array.from({ length: count }, (_, k) => {
      const row = order ? order[first + k] : first + k;
      const cells = columns.map((values) => h("td", {}, values ? text(values[row]) : "…"));
      return h(row === picked ? "tr.chosen" : "tr", { "data-row": row, onclick: () => pick(row) }, h("td", {}, String(row)), cells);
    }));
  };
  const pick = (row) => {
    const middle = stage.tables.middle(layer, row);
    state.set({ picked: { layer: id, row }, ...(middle ? { centre: { ...state.now.centre, ...middle } } : {}) }, "picked");
  };
  let seen = "";
  const update = (next) => {
    by.value = next.by ?? "";
    map.value = next.map;
    width.value = String(next.width);
    const { picked } = state.now;
    const now = `${picked?.layer === id ? picked.row : ""}|${table.version}`;
    if (now === seen) return;
    if (picked?.layer === id && seen.split("|")[0] !== String(picked.row)) {
      const place = order ? order.indexOf(picked.row) : picked.row;
      const top = scroll.scrollTop / ROW;
      if (place < top || place >= top + VISIBLE - 2) scroll.scrollTop = Math.max(0, place - 4) * ROW;
    }
    seen = now;
    show();
  };
  const row = (name, ...what) => h("div.row", {}, h("span", {}, name), h("div.pair", {}, ...what));
  const element = h("div", {}, row("colour by", by), row("colours", map), row("width", width), h("div.facts", {}, `${table.rows} rows${table.shape ? "" : " without places that are known"}`), scroll);
  return { element, update, frame: () => update(state.now.layers.find((one) => one.id === id) ?? layer) };
}

function text(value) {
  return typeof value === "number" ? short(value) : String(value ?? "");
}
