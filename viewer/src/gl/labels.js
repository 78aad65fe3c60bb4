// Colours of labels: a hash of the number, so that a label has the same colour in every place, session and zoom.

/** The hash in the shading language; the same as `labelColour`. */
export const LABEL_COLOUR = `
vec3 labelColour(uint key) {
  uint h = key;
  h ^= h >> 16; h *= 0x7feb352du; h ^= h >> 15; h *= 0x846ca68bu; h ^= h >> 16;
  float hue = float(h & 0xffffu) / 65536.0 * 6.0;
  float saturation = 0.55 + 0.45 * float((h >> 16) & 0xffu) / 255.0;
  float value = 0.65 + 0.35 * float(h >> 24) / 255.0;
  vec3 pure = clamp(vec3(abs(hue - 3.0) - 1.0, 2.0 - abs(hue - 2.0), 2.0 - abs(hue - 4.0)), 0.0, 1.0);
  return value * (1.0 - saturation * (1.0 - pure));
}`;

/** Red, green and blue, 0 to 1, of the label with the key `key` (see `labelKey`). */
export function labelColour(key) {
  let h = key >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  h = (h ^ (h >>> 16)) >>> 0;
  const hue = ((h & 0xffff) / 65536) * 6;
  const saturation = 0.55 + (0.45 * ((h >>> 16) & 0xff)) / 255;
  const value = 0.65 + (0.35 * (h >>> 24)) / 255;
  const pure = [Math.abs(hue - 3) - 1, 2 - Math.abs(hue - 2), 2 - Math.abs(hue - 4)];
  return pure.map((p) => value * (1 - saturation * (1 - Math.min(Math.max(p, 0), 1))));
}
