// Keys and what they do. The help sheet is made of the same list.

const KEYS = [
  ["↑ ↓ ← →", "move the picture", (a, e) => a.pan(...{ ArrowUp: [0, 60], ArrowDown: [0, -60], ArrowLeft: [60, 0], ArrowRight: [-60, 0] }[e.key]), ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]],
  ["+ −", "zoom in, out", (a, e) => a.zoom(e.key === "-" ? 1.4 : 1 / 1.4), ["+", "=", "-"]],
  [", .", "plane before, after", (a, e) => a.depth(e.key === "," ? -1 : 1), [",", "."]],
  ["PgUp PgDn", "ten planes", (a, e) => a.depth(e.key === "PageUp" ? -10 : 10), ["PageUp", "PageDown"]],
  ["[ ]", "time before, after", (a, e) => a.time(e.key === "[" ? -1 : 1), ["[", "]"]],
  ["Space", "play, stop", (a) => a.play(), [" "]],
  ["Home", "everything in view", (a) => a.home(), ["Home"]],
  ["z x c", "xy, xz, yz plane", (a, e) => a.layout({ z: "xy", x: "xz", c: "yz" }[e.key]), ["z", "x", "c"]],
  ["v", "four panes", (a) => a.layout("4"), ["v"]],
  ["3", "volume", (a) => a.layout("3d"), ["3"]],
  ["o", "oblique plane", (a) => a.layout("oblique"), ["o"]],
  ["Shift 1 … 9", "show or hide a layer", (a, e) => a.toggle(Number(e.code.slice(-1)) - 1), [], /^Digit[1-9]$/],
  ["i", "only the chosen layer, all", (a) => a.solo(), ["i"]],
  ["a", "contrast from what is on screen", (a) => a.auto(), ["a"]],
  ["b", "outlines of labels", (a) => a.outline(), ["b"]],
  ["m", "measure a distance", (a) => a.measure(), ["m"]],
  ["p", "screenshot", (a) => a.screenshot(), ["p"]],
  ["s", "share: link, Python, command line", (a) => a.share(), ["s"]],
  ["t", "light or dark", (a) => a.theme(), ["t"]],
  ["l", "list of layers", (a) => a.side(), ["l"]],
  ["u", "scale bar", (a) => a.bar(), ["u"]],
  ["?", "this sheet", (a) => a.help(), ["?"]],
];

/** What the mouse does, for the help sheet. */
const MOUSE = [
  ["drag", "move; turn a volume or an oblique plane"],
  ["wheel, pinch", "zoom around the cursor"],
  ["Shift wheel", "through the planes"],
  ["double click", "this place to the middle of all panes"],
  ["Ctrl Z, Ctrl Shift Z", "undo, redo"],
];

/** Rows of the help sheet: what to press and what it does. */
export const SHEET = [...KEYS.map(([keys, does]) => [keys.split(" "), does]), ...MOUSE.map(([what, does]) => [[what], does])];

/** Listens to keys wherever nothing is being typed. */
export function keyboard(actions) {
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input:not([type=range]):not([type=checkbox]), select, textarea, dialog")) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      (event.shiftKey ? actions.redo : actions.undo)();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("button") && event.key === " ") return;
    const row = KEYS.find(([, , , keys, code]) => keys.includes(event.key) || (event.shiftKey && code?.test(event.code)));
    if (!row) return;
    if (event.target.matches?.("input[type=range]") && event.key.startsWith("Arrow")) return;
    event.preventDefault();
    row[2](actions, event);
  });
}
