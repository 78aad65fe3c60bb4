// Bricks of a volume: which level of a pyramid fits into memory, and the chunks it consists of.

/** Samples a volume on screen may have per layer. */
const ROOM = 2 ** 23;

/** The finest level whose space fits, or null where even the coarsest does not. */
export function levelThatFits(levels, axes) {
  const k = ["z", "y", "x"].map((name) => axes.indexOf(name));
  const fits = (level) => k.reduce((n, i) => n * level.shape[i], 1) <= ROOM && k.every((i) => level.shape[i] <= 2048);
  const found = levels.findIndex(fits);
  return found < 0 ? null : found;
}

/** Every brick of a level, those in the middle first. */
export function bricksOf({ image, layer, levels, level, at }) {
  const { shape, chunk, codecs, chunkUrl } = levels[level];
  const [kz, ky, kx] = ["z", "y", "x"].map((name) => image.axis(name));
  const counts = [kz, ky, kx].map((k) => Math.ceil(shape[k] / chunk[k]));
  const kind = layer.kind === "labels" ? "labels" : "volume";
  const bricks = [];
  for (let z = 0; z < counts[0]; z++) {
    for (let y = 0; y < counts[1]; y++) {
      for (let x = 0; x < counts[2]; x++) {
        const place = { [kz]: z, [ky]: y, [kx]: x };
        const index = image.axes.map((name, k) => place[k] ?? other(name, shape[k], layer, at));
        const first = [z * chunk[kz], y * chunk[ky], x * chunk[kx]];
        const count = [kz, ky, kx].map((k, n) => Math.min(chunk[k], shape[k] - first[n]));
        bricks.push({
          key: `${image.name}|${kind}|${image.version ?? 0}|${chunk.join("x")}|${level}|${index.join(".")}`,
          image: image.name,
          level,
          index,
          first,
          count,
          edge: [kz, ky, kx].map((k) => chunk[k]),
          job: {
            url: chunkUrl(index), codecs, dtype: image.dtype, kind,
            columns: chunk[kx], rows: chunk[ky], planes: chunk[kz], width: count[2], height: count[1],
          },
        });
      }
    }
  }
  const far = (brick) => Math.hypot(...[kz, ky, kx].map((k, n) => brick.index[k] - (counts[n] - 1) / 2));
  return bricks.sort((a, b) => far(a) - far(b));
}

function other(name, size, layer, at) {
  return name === "c" && layer.channel !== null ? layer.channel : Math.min(at[name] ?? 0, size - 1);
}
