// Drawing tiles: one square each. Finer tiles are drawn first and keep coarser ones away by their depth.

import { FORMATS, texture2d } from "./formats.js";
import { LABEL_COLOUR } from "./labels.js";
import { program, square } from "./program.js";

const VERTEX = `
layout(location = 0) in vec2 corner;
uniform vec4 place;
uniform float depth;
uniform vec2 size;
out vec2 at;
void main() {
  at = corner * size;
  gl_Position = vec4(mix(place.xy, place.zw, corner), depth, 1.0);
}`;

const COMMON = `
uniform highp SAMPLER samples;
uniform vec2 size;
uniform bool swapped;
uniform float opacity;
in vec2 at;
out vec4 shade;
ivec2 sampleAt(vec2 p) {
  ivec2 i = ivec2(floor(clamp(p, vec2(0.0), size - 1.0)));
  return swapped ? i.yx : i;
}`;

const IMAGE = `${COMMON}
uniform sampler2D map;
uniform vec2 limits;
uniform float gamma;
uniform bool additive;
void main() {
  float value = float(texelFetch(samples, sampleAt(at), 0).r);
#ifdef FLOAT
  if (isnan(value)) { shade = vec4(0.0); return; }
#endif
  float t = clamp((value - limits.x) * limits.y, 0.0, 1.0);
#ifdef GAMMA
  t = pow(t, gamma);
#endif
  vec3 colour = texelFetch(map, ivec2(int(t * 255.0 + 0.5), 0), 0).rgb;
  shade = vec4(colour * opacity, additive ? 0.0 : opacity);
}`;

const LABELS = `${COMMON}
uniform uint chosen;
uniform float outline;
uniform vec2 pixel;
${LABEL_COLOUR}
void main() {
  uint label = texelFetch(samples, sampleAt(at), 0).r;
  if (label == 0u) { shade = vec4(0.0); return; }
  float alpha = opacity;
#ifdef OUTLINE
    vec2 d = pixel * outline;
    bool edge = texelFetch(samples, sampleAt(at + vec2(d.x, 0.0)), 0).r != label
      || texelFetch(samples, sampleAt(at - vec2(d.x, 0.0)), 0).r != label
      || texelFetch(samples, sampleAt(at + vec2(0.0, d.y)), 0).r != label
      || texelFetch(samples, sampleAt(at - vec2(0.0, d.y)), 0).r != label;
    if (!edge) alpha = label == chosen ? opacity * 0.35 : 0.0;
#endif
  vec3 colour = label == chosen ? mix(labelColour(label), vec3(1.0), 0.5) : labelColour(label);
  shade = vec4(colour * alpha, alpha);
}`;

export class TilePainter {
  constructor(gl, maps) {
    this.gl = gl;
    this.maps = maps;
    this.square = square(gl);
    this.programs = new Map();
  }

  /** The program for samples of a kind, compiled when it is first needed. */
  #programFor(look, format) {
    const prefix = look.kind === "labels" ? "u" : FORMATS[format][0];
    const extra = look.kind === "labels" ? (look.outline > 0 ? "OUTLINE" : "PLAIN") : look.gamma === 1 ? "PLAIN" : "GAMMA";
    const name = `${look.kind} ${prefix} ${extra}`;
    if (!this.programs.has(name)) {
      const defines = `#define SAMPLER ${prefix}sampler2D\n#define ${extra}\n${prefix ? "" : "#define FLOAT"}`;
      this.programs.set(name, program(this.gl, VERTEX, look.kind === "labels" ? LABELS : IMAGE, defines));
    }
    return this.programs.get(name);
  }

  /** Brings a tile's samples to the graphics memory. */
  upload(tile) {
    tile.texture = texture2d(this.gl, tile.format, tile.columns, tile.rows, tile.paint);
    tile.paint = null;
  }

  /** Takes a tile out of the graphics memory. */
  release(tile) {
    if (tile.texture) this.gl.deleteTexture(tile.texture);
    tile.texture = null;
  }

  /**
   * Draws `tiles` of a layer, each hiding those after it. `toClip(u, v)` gives the place of a point of the world on the
   * pane, `look` what the layer looks like.
   */
  draw(tiles, toClip, look, pixelSize) {
    const { gl } = this;
    const drawn = tiles.filter((tile) => tile.texture);
    if (!drawn.length) return;
    const used = this.#programFor(look, drawn[0].format);
    const { at } = used;
    gl.useProgram(used.handle);
    gl.bindVertexArray(this.square);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LESS);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniform1f(at.opacity, look.opacity);
    gl.uniform1i(at.samples, 0);
    if (look.kind === "labels") {
      gl.uniform1ui(at.chosen, look.chosen ?? 0);
      gl.uniform1f(at.outline, look.outline);
    } else {
      gl.uniform2f(at.limits, look.limits[0], 1 / (look.limits[1] - look.limits[0]));
      gl.uniform1f(at.gamma, look.gamma);
      gl.uniform1i(at.additive, look.additive ? 1 : 0);
      gl.uniform1i(at.map, 1);
      gl.activeTexture(gl.TEXTURE1);
      gl.bindTexture(gl.TEXTURE_2D, this.maps.of(look.map));
    }
    gl.activeTexture(gl.TEXTURE0);
    drawn.forEach((tile, k) => {
      const { u, v } = tile;
      gl.bindTexture(gl.TEXTURE_2D, tile.texture);
      gl.uniform4f(at.place, ...toClip(u.low, v.low), ...toClip(u.high, v.high));
      gl.uniform2f(at.size, u.count, v.count);
      gl.uniform1i(at.swapped, tile.swapped ? 1 : 0);
      gl.uniform1f(at.depth, -0.99 + (1.9 * k) / drawn.length);
      if (at.pixel) gl.uniform2f(at.pixel, (pixelSize * u.count) / (u.high - u.low), (pixelSize * v.count) / (v.high - v.low));
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    });
    gl.disable(gl.DEPTH_TEST);
  }
}
