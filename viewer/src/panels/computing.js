// Layers whose whole image has to be computed first (labels of components, a threshold): how far the server is.

import { computation } from "../server.js";

const EVERY = 500;

/** Asks for the progress of layers that wait, and keeps it in `stage.progress` by the name of the image. */
export function computing(stage) {
  let asking = false;
  stage.progress = new Map();
  const ask = async () => {
    const names = new Set(stage.looks.filter((look) => look.computing).map((look) => look.layer.source));
    for (const name of [...stage.progress.keys()]) if (!names.has(name)) stage.progress.delete(name);
    for (const name of names) {
      try {
        stage.progress.set(name, await computation(name));
      } catch {
        stage.progress.set(name, {});
      }
    }
    asking = names.size > 0;
    if (asking) setTimeout(ask, EVERY);
    stage.redraw();
  };
  stage.listeners.add(() => {
    if (!asking && stage.looks.some((look) => look.computing)) {
      asking = true;
      ask();
    }
  });
}

/** Words for a progress. */
export function progressText({ stage, progress, state, reason }) {
  if (state === "failed") return reason;
  if (!stage) return "computing …";
  return `computing ${stage}${progress > 0 ? ` ${Math.round(progress * 100)} %` : ""}`;
}
