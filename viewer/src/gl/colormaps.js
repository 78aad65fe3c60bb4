// Colour maps: a few colours each, linear between them. Names as in matplotlib.

const STOPS = {
  gray: "000000 ffffff",
  red: "000000 ff0000",
  green: "000000 00ff00",
  blue: "000000 0000ff",
  cyan: "000000 00ffff",
  magenta: "000000 ff00ff",
  yellow: "000000 ffff00",
  orange: "000000 ff8000",
  gray_r: "ffffff 000000",
  viridis: "440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725",
  magma: "000004 140e36 3b0f70 641a80 8c2981 b73779 de4968 f7705c fe9f6d fecf92 fcfdbf",
  inferno: "000004 160b39 420a68 6a176e 932667 bc3754 dd513a f37819 fca50a f6d746 fcffa4",
  plasma: "0d0887 41049d 6a00a8 8f0da4 b12a90 cc4778 e16462 f2844b fca636 fcce25 f0f921",
  turbo: "30123b 4454c4 4490fe 1fc8de 29efa2 7dff56 c1f334 f1ca3a fe922a ea4f0d be2102 7a0403",
  coolwarm: "3b4cc0 688aef 99baff c9d8ef edd1c2 f7a789 e26952 b40426",
};

/** Names of all colour maps, in the order in which they are offered. */
export const COLORMAPS = Object.keys(STOPS);

/** Colours of a map for `t` from 0 to 1: three numbers from 0 to 255. A name may also be a colour, `#rrggbb`. */
export function colour(name, t) {
  const stops = stopsOf(name);
  const place = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const k = Math.min(Math.floor(place), stops.length - 2);
  return stops[k].map((low, c) => low + (stops[k + 1][c] - low) * (place - k));
}

function stopsOf(name) {
  const text = STOPS[name] ?? (/^#[0-9a-f]{6}$/i.test(name) ? `000000 ${name.slice(1)}` : STOPS.gray);
  return text.split(" ").map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
}

/** 256 colours of a map as bytes, red, green, blue and 255. */
export function table(name) {
  const bytes = new Uint8Array(1024);
  for (let k = 0; k < 256; k++) bytes.set([...colour(name, k / 255).map(Math.round), 255], 4 * k);
  return bytes;
}

/** A texture per map, made when first asked for. */
export class MapTextures {
  #made = new Map();

  constructor(gl) {
    this.gl = gl;
  }

  of(name) {
    const { gl } = this;
    let texture = this.#made.get(name);
    if (!texture) {
      texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table(name));
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      this.#made.set(name, texture);
    }
    return texture;
  }
}
