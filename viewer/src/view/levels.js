// Which level of a pyramid suits the zoom, and which chunks of it a pane shows.

import { paintOf } from "../store/dtype.js";
import { SPACE } from "../store/metadata.js";
import { span } from "./panes.js";

/** A sample may be this many pixels wide before a finer level is taken. */
const SHARP = 1.4;
/** More tiles than this are never asked for at once in one pane. */
const MOST = 400;

/** The coarsest level whose samples are no wider than the zoom asks; `pixel` is the world's size of a pixel of the screen. */
export function levelFor(levels, axes, u, v, pixel) {
  const [ku, kv] = [axes.indexOf(u), axes.indexOf(v)];
  for (let level = levels.length - 1; level > 0; level--) {
    const { scale } = levels[level];
    if (Math.sqrt(Math.abs(scale[ku] * scale[kv])) <= pixel * SHARP) return level;
  }
  return 0;
}

/** Chunks of `level` that the pane shows, `null` where the image is not in the plane. */
export function requestsFor({ image, layer, levels, level, pane, state, at }) {
  const { shape, chunk, scale, translate } = levels[level];
  const [ku, kv] = [image.axis(pane.u), image.axis(pane.v)];
  if (ku < 0 || kv < 0) return null;
  const fixed = fixedIndex(image, layer, levels[level], pane, state, at);
  if (!fixed) return null;
  const across = range(span(pane, state, pane.u), shape[ku], chunk[ku], scale[ku], translate[ku]);
  const down = range(span(pane, state, pane.v), shape[kv], chunk[kv], scale[kv], translate[kv]);
  if (!across || !down) return [];
  if ((across[1] - across[0]) * (down[1] - down[0]) > MOST) return "too many";
  const requests = [];
  for (let j = down[0]; j < down[1]; j++) {
    for (let i = across[0]; i < across[1]; i++) {
      const index = fixed.map((n, k) => (k === ku ? i : k === kv ? j : Math.floor(n / chunk[k])));
      requests.push(requestOf({ image, layer, levels, level, index, ku, kv }));
    }
  }
  return requests;
}

/** The index of the sample that a pane shows along the axes it does not spread out; null outside the image. */
function fixedIndex(image, layer, level, pane, state, at) {
  const index = image.axes.map((name, k) => {
    if (name === pane.u || name === pane.v) return 0;
    if (name === "c" && layer.channel !== null) return layer.channel;
    if (SPACE.includes(name)) {
      const edge = image.extent(name);
      const place = at[name] ?? 0;
      if (place < edge[0] || place > edge[1]) return -1;
      return Math.min(Math.max(Math.round((place - level.translate[k]) / level.scale[k]), 0), level.shape[k] - 1);
    }
    return Math.min(state.at[name] ?? 0, level.shape[k] - 1);
  });
  return index.every((i) => i >= 0) ? index : null;
}

function range([low, high], size, chunk, scale, translate) {
  const first = Math.max(0, Math.floor((low - translate) / scale + 0.5));
  const last = Math.min(size, Math.ceil((high - translate) / scale + 0.5));
  return first < last ? [Math.floor(first / chunk), Math.ceil(last / chunk)] : null;
}

/** What has to be known of a chunk to fetch it and to put it in its place. */
export function requestOf({ image, layer, levels, level, index, ku, kv }) {
  const { shape, chunk, scale, translate, codecs, remarks, chunkUrl } = levels[level];
  const part = (k) => {
    const first = index[k] * chunk[k];
    const count = Math.min(chunk[k], shape[k] - first);
    const low = translate[k] + (first - 0.5) * scale[k];
    return { first, count, low, high: low + count * scale[k] };
  };
  const [u, v] = [part(ku), part(kv)];
  // In memory the axis that comes first in the array is the one of the rows.
  const swapped = ku < kv;
  const [row, column] = swapped ? [ku, kv] : [kv, ku];
  return {
    key: `${image.name}|${layer.kind}|${image.version ?? 0}|${chunk.join("x")}|${level}|${index.join(".")}`,
    image: image.name,
    level,
    index,
    u,
    v,
    span: index.map((n, k) => [n * chunk[k], Math.min((n + 1) * chunk[k], shape[k])]),
    swapped,
    approximate: remarks.exact === false,
    columns: chunk[column],
    rows: chunk[row],
    format: paintOf(image.dtype, layer.kind),
    job: {
      url: chunkUrl(index),
      codecs,
      dtype: image.dtype,
      kind: layer.kind,
      columns: chunk[column],
      rows: chunk[row],
      planes: chunk.reduce((n, edge, k) => (k === row || k === column ? n : n * edge), 1),
      width: swapped ? v.count : u.count,
      height: swapped ? u.count : v.count,
    },
  };
}
