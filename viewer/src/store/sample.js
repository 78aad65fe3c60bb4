// A grid of samples of a tile, from which contrast and histogram of what is on screen are made.

/** Samples per edge of a tile. */
export const EDGE = 32;

/**
 * `EDGE` x `EDGE` samples of a tile of `columns` x `rows`, of which only `width` x `height` lie in the image. Not a number
 * stays not a number and is left out by those who count.
 */
export function sampleGrid(samples, columns, width, height) {
  const picked = new Float32Array(EDGE * EDGE);
  for (let j = 0; j < EDGE; j++) {
    const row = Math.min(height - 1, Math.floor(((j + 0.5) * height) / EDGE));
    for (let i = 0; i < EDGE; i++) {
      const column = Math.min(width - 1, Math.floor(((i + 0.5) * width) / EDGE));
      picked[j * EDGE + i] = Number(samples[row * columns + column]);
    }
  }
  return picked;
}
