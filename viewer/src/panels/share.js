// What is on screen as Python and as a command line: the same samples, at full resolution.

import { span } from "../view/panes.js";

/** The part of a layer's image that its pane shows: one entry per axis, `[first, last)` or a single index. */
export function partInView(state, stage, image, layer) {
  const pane = stage.panes.find((one) => one.kind === "plane");
  const { shape, scale, translate } = image.levels[0];
  return image.axes.map((name, k) => {
    if (pane && (name === pane.u || name === pane.v)) {
      const [low, high] = span(pane, state, name);
      const first = Math.max(0, Math.floor((low - translate[k]) / scale[k] + 0.5));
      return [first, Math.max(first, Math.min(shape[k], Math.ceil((high - translate[k]) / scale[k] + 0.5)))];
    }
    if (name === "c" && layer.channel !== null) return layer.channel;
    if (name in state.centre) {
      if (!pane) return [0, shape[k]];
      return Math.min(shape[k] - 1, Math.max(0, Math.round((state.centre[name] - translate[k]) / scale[k])));
    }
    return Math.min(state.at[name] ?? 0, shape[k] - 1);
  });
}

/** Python that reads what is on screen, layer by layer. */
export function asPython(state, stage, images) {
  const lines = ["import petavox", ""];
  for (const [layer, image] of shown(state, images)) {
    const index = partInView(state, stage, image, layer).map((p) => (Array.isArray(p) ? `${p[0]}:${p[1]}` : p));
    const name = layer.id.replace(/\W+/g, "_").replace(/^(\d)/, "_$1");
    const steps = (image.entry.apply ?? []).map(call);
    lines.push(`${name} = petavox.open(${quoted(image.entry.path ?? image.name)})${steps.join("")}[${index.join(", ")}]`);
    lines.push(`${name} = ${name}.compute()`);
  }
  return lines.join("\n");
}

/** The command that opens the same layers again. */
export function asCommand(state, images, tables) {
  const paths = [];
  const labels = [];
  const points = state.layers.filter((layer) => layer.visible && tables.has(layer.source)).map((layer) => tables.get(layer.source).path);
  let steps = [];
  for (const image of new Set(shown(state, images).map(([, one]) => one))) {
    (image.labels ? labels : paths).push(image.entry.path ?? image.name);
    steps = image.entry.apply ?? steps;
  }
  return ["petavox view", ...paths.map(shell), ...labels.map((path) => `--labels ${shell(path)}`), ...points.map((path) => `--points ${shell(path)}`), ...steps.map((step) => `--apply ${shell(step)}`)].join(" ");
}

function shown(state, images) {
  return state.layers.filter((layer) => layer.visible && images.has(layer.source)).map((layer) => [layer, images.get(layer.source)]);
}

/** A step of the command line, `gaussian:sigma=1,2`, as a call. */
function call(step) {
  const [name, ...words] = step.split(":");
  const value = (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? text : { true: "True", false: "False" }[text] ?? quoted(text));
  const parameters = words.map((word) => {
    const [key, text] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
    return `${key}=${text.includes(",") ? `[${text.split(",").map(value).join(", ")}]` : value(text)}`;
  });
  return `.apply(${[quoted(name), ...parameters].join(", ")})`;
}

function quoted(text) {
  return JSON.stringify(text);
}

function shell(text) {
  return /^[\w./:=,@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
