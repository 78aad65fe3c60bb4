// Memory, chunks and queue, of the page and of the server.

import { bytes, fill, h, short } from "../dom.js";
import { health } from "../server.js";

/** A panel that looks at the server only while it is open. */
export function resources({ box, stage, tiles, scheduler }) {
  const list = h("dl");
  const panel = h("details.panel", { "data-panel": "resources" }, h("summary", {}, "Memory and queue"), list);
  box.append(panel);
  let told = {};
  const show = () => {
    if (!panel.open) return;
    const { received, bytes: total, failed, cancelled } = scheduler.counts;
    const rows = [
      ["tiles here", `${tiles.count} · ${bytes(tiles.bytes)}`],
      ["received", `${received} · ${bytes(total)}`],
      ["loading", `${scheduler.underWay} (${scheduler.waiting} waiting)`],
      ["failed", failed],
      ["cancelled", cancelled],
      ...flat(told),
    ];
    fill(list, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]));
  };
  const ask = async () => {
    if (!panel.open) return;
    let pause = 1000;
    try {
      told = await health();
    } catch (error) {
      told = { "": error.message };
      pause = 10000;
    }
    show();
    setTimeout(ask, pause);
  };
  panel.addEventListener("toggle", ask);
  stage.listeners.add(show);
}

/** The server's own words, one row per number. */
function flat(object, before = "server") {
  return Object.entries(object).flatMap(([key, value]) => {
    const name = `${before} ${key.replaceAll("_", " ")}`;
    if (value !== null && typeof value === "object") return flat(value, name);
    return [key.endsWith("bytes") && typeof value === "number" ? [name.replace(/ bytes$/, ""), bytes(value)] : [name, typeof value === "number" ? short(Number(value.toPrecision(4))) : value]];
  });
}
