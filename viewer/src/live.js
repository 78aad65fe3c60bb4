// Images that are being written: the server says what changed, and what is on screen of it is fetched again.

import { events } from "./server.js";
import { Image } from "./store/image.js";

/** Listens as long as the page lives. What is shown stays until what is new is here. */
export function live({ stage, images, tiles, changed }) {
  const source = events();
  source.addEventListener("changed", async (event) => {
    const told = JSON.parse(event.data);
    for (const [name, image] of images) {
      if (told.image !== null && told.image !== name) continue;
      if (told.metadata) await reopen(images, name, image);
      else refresh(tiles, image, told.regions);
    }
    stage.volume?.forget?.();
    changed();
    stage.redraw();
  });
  source.addEventListener("status", (event) => {
    const { image, state } = JSON.parse(event.data);
    if (state === "ready") for (const tile of tiles.filter((one) => one.image === image && one.state === "later")) tile.failedAt = -Infinity;
    stage.redraw();
  });
}

/** Shape or levels are others now: the image is opened again, its tiles are others. */
async function reopen(images, name, image) {
  try {
    const fresh = await Image.open(image.entry);
    fresh.version = (image.version ?? 0) + 1;
    images.set(name, fresh);
  } catch (error) {
    image.error = error.message;
  }
}

/** Marks tiles that lie in one of `regions` (all where that is null) as out of date. */
function refresh(tiles, image, regions) {
  const stale = (tile) => tile.image === image.name && (tile.state === "ready" || tile.state === "failed") && (!regions || regions.some((region) => touches(image, tile, region)));
  for (const tile of tiles.filter(stale)) {
    if (tile.state === "failed") [tile.state, tile.attempts] = ["new", 0];
    else tile.stale = true;
  }
}

/** Whether a tile may show something of a region of full-size samples, told per axis of the file. */
export function touches(image, tile, { start, shape }) {
  const order = [...image.entry.axes].map((name) => image.axis(name));
  if (!tile.span || start.length !== order.length || order.includes(-1)) return true;
  const full = image.levels[0];
  const level = image.levels[tile.level];
  return order.every((k, n) => {
    const ratio = level.scale[k] / full.scale[k];
    const [first, last] = tile.span[k];
    // A sample of a coarser level is made of those around it.
    return (last + 1) * ratio > start[n] && (first - 1) * ratio < start[n] + shape[n];
  });
}
