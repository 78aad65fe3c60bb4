// Contrast from what is on screen: percentiles and a histogram of samples picked from every tile in view.

import { histogramOf } from "../server.js";
import { EDGE } from "../store/sample.js";

/** Shares of the samples that auto-contrast leaves darker and brighter than its limits. */
const SHARE = [0.001, 0.001];

/** Samples of `draws` inside `view` ({u: [low, high], v: [low, high]}), each place once, in rising order. */
export function onScreen(draws, view) {
  const found = [];
  const finest = draws.length ? Math.min(...draws.map((tile) => tile.level)) : 0;
  const tiles = draws.filter((tile) => tile.level === finest);
  for (const tile of tiles.length ? tiles : draws) collect(tile, view, found);
  return Float32Array.from(found).sort();
}

function collect(tile, view, found) {
  const [nu, nv] = [tile.u.high - tile.u.low, tile.v.high - tile.v.low];
  for (let j = 0; j < EDGE; j++) {
    for (let i = 0; i < EDGE; i++) {
      const [a, b] = tile.swapped ? [j, i] : [i, j];
      const u = tile.u.low + ((a + 0.5) / EDGE) * nu;
      const v = tile.v.low + ((b + 0.5) / EDGE) * nv;
      if (u < view.u[0] || u > view.u[1] || v < view.v[0] || v > view.v[1]) continue;
      const value = tile.picked[j * EDGE + i];
      if (Number.isFinite(value)) found.push(value);
    }
  }
}

/** The value below which a share of `sorted` lies. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))];
}

/** Contrast limits for `sorted`, or null where there is nothing to go by. */
export function autoLimits(sorted) {
  if (!sorted.length) return null;
  const low = percentile(sorted, SHARE[0]);
  const high = percentile(sorted, 1 - SHARE[1]);
  return high > low ? [low, high] : [low, low + (Math.abs(low) * 1e-3 || 1)];
}

/** The most samples of a level that the server looks at for the contrast of a whole image. */
const MOST = 1 << 22;

/** Contrast limits for a layer from the whole image as it is at this time, counted by the server on the finest level that is small enough. */
export async function wholeImage(image, layer, state) {
  const index = image.axes.map((name) => (name === "c" ? layer.channel : name in state.at && !(name in state.centre) ? state.at[name] : null));
  const size = ({ shape }) => shape.reduce((n, m, k) => (index[k] === null ? n * m : n), 1);
  const found = image.levels.findIndex((level) => size(level) <= MOST);
  const level = found < 0 ? image.levels.length - 1 : found;
  const slice = index.map((at, k) => (at === null ? ":" : Math.min(at, image.levels[level].shape[k] - 1))).join(",");
  const told = await histogramOf(image.name, { level, slice, percentiles: SHARE.map((share, k) => 100 * (k ? 1 - share : share)).join(",") });
  const [low, high] = told.percentiles;
  if (!Number.isFinite(low)) throw new Error("the image has no finite samples");
  return high > low ? [low, high] : [low, low + (Math.abs(low) * 1e-3 || 1)];
}

/** Counts of `sorted` in `bins` equal parts between its ends. */
export function histogram(sorted, bins) {
  const counts = new Float64Array(bins);
  if (!sorted.length) return { low: 0, high: 1, counts };
  const low = sorted[0];
  const high = sorted.at(-1);
  const width = (high - low) / bins || 1;
  for (const value of sorted) counts[Math.min(bins - 1, Math.floor((value - low) / width))] += 1;
  return { low, high, counts };
}
