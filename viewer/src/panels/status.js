// The line at the bottom: where the cursor is, and the values there.

import { unitName } from "../controls/sliders.js";
import { fill, h, short } from "../dom.js";

/** Fills the status line whenever something below the cursor changes. */
export function status({ box, navigate, stage, scheduler }) {
  return (place, values) => {
    const parts = [];
    if (place) {
      const world = ["z", "y", "x"].filter((axis) => navigate.bounds(axis)).map((axis) => `${axis} ${short(Number(place[axis].toPrecision(7)))}`);
      parts.push(h("span.place", {}, `${world.join("  ")} ${unitName(navigate.unit)}`));
      for (const { layer, index, value, level } of values) {
        if (value === undefined) continue;
        const coarse = level ? ` (level ${level})` : "";
        parts.push(h("span", { title: `index ${index.join(", ")}` }, `${layer.id} [${index.join(", ")}] = `, h("span.value", {}, layer.kind === "image" || value ? short(value) : "0"), coarse));
      }
    }
    const busy = scheduler.underWay + scheduler.waiting;
    const failed = stage.looks.reduce((n, look) => n + look.failed.length, 0);
    parts.push(h("span.gap"), failed ? h("span.reason", {}, `${failed} failed`) : null, h("span.busy", {}, busy ? `loading ${busy}` : ""));
    fill(box, parts);
  };
}
