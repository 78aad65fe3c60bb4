// The help sheet, and the dialog from which a view is shared.

import { SHEET } from "../controls/keyboard.js";
import { h } from "../dom.js";
import { asCommand, asPython } from "./share.js";

function dialog(title, ...children) {
  const element = h("dialog", { onclose: () => element.remove() }, h("h2", {}, title), ...children, h("p", {}, h("button", { onclick: () => element.close() }, "close")));
  document.body.append(element);
  element.showModal();
  return element;
}

/** Shows the keys. */
export function showHelp() {
  const half = Math.ceil(SHEET.length / 2);
  const cells = Array.from({ length: half }, (_, k) => [SHEET[k], SHEET[k + half]])
    .flatMap((pair) => pair.flatMap((row) => (row ? [h("span", {}, row[0].map((key) => [h("kbd", {}, key), " "])), h("span", {}, row[1])] : [h("span"), h("span")])));
  dialog("Keys and mouse", h("div.keys", {}, cells));
}

/** Shows link, Python and command line for what is on screen, each with a button that copies it. */
export function showShare({ state, stage, images, tables }) {
  const part = (title, text) => {
    const button = h("button", {
      onclick: async () => {
        await navigator.clipboard.writeText(text);
        button.textContent = "copied";
      },
    }, "copy");
    return [h("p", {}, h("b", {}, title), " ", button), h("pre", {}, text)];
  };
  dialog("Share this view", part("Link", location.href), part("Python", asPython(state.now, stage, images)), part("Command line", asCommand(state.now, images, tables)));
}
