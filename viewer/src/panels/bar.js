// The line of buttons above the picture.

import { fill, h } from "../dom.js";

const LAYOUTS = [
  ["xy", "xy", "The plane across z"],
  ["xz", "xz", "The plane across y"],
  ["yz", "yz", "The plane across x"],
  ["4", "4 panes", "Three planes and the volume"],
  ["3d", "3-D", "Maximum of the volume"],
  ["oblique", "oblique", "A plane at any angle"],
];

/** Fills the bar. `actions` are those of actions.js. */
export function bar({ box, state, actions, navigate }) {
  const button = (text, title, action, name) => h("button", { title, onclick: action, "data-action": name }, text);
  const deep = (navigate.bounds("z")?.count ?? 1) > 1;
  const layouts = (deep ? LAYOUTS : LAYOUTS.slice(0, 1)).map(([id, text, title]) =>
    h("button", { title, "data-layout": id, onclick: () => actions.layout(id) }, text),
  );
  const measure = button("measure", "Measure a distance (m)", actions.measure, "measure");
  const undo = button("↶", "Undo (Ctrl+Z)", actions.undo, "undo");
  const redo = button("↷", "Redo (Ctrl+Shift+Z)", actions.redo, "redo");
  fill(
    box,
    button("☰", "Show or hide the layers (l)", actions.side, "side"),
    layouts,
    button("fit", "Everything in view (Home)", actions.home, "home"),
    undo,
    redo,
    h("span.gap"),
    measure,
    button("screenshot", "Save the picture (p)", actions.screenshot, "screenshot"),
    button("share", "Copy a link, Python or a command line (s)", actions.share, "share"),
    button("◐", "Light or dark (t)", actions.theme, "theme"),
    button("?", "Keyboard shortcuts (?)", actions.help, "help"),
  );
  const update = () => {
    const { layout, measuring } = state.now;
    for (const one of layouts) one.classList.toggle("on", one.dataset.layout === layout);
    measure.classList.toggle("on", measuring === true);
    undo.disabled = !state.canUndo;
    redo.disabled = !state.canRedo;
  };
  state.listen(update);
  update();
}
