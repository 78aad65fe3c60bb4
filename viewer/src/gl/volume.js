// The volume: rays through a texture of three dimensions. Images show their maximum, labels their first surface.

import { BRICK } from "../store/image.js";
import { bricksOf, levelThatFits } from "../view/bricks.js";
import { directions } from "../view/turning.js";
import { Kept } from "./kept.js";
import { nearest } from "./formats.js";
import { LABEL_COLOUR } from "./labels.js";
import { program, square } from "./program.js";

const VERTEX = `
layout(location = 0) in vec2 corner;
uniform vec2 half_;
out vec2 at;
void main() {
  at = (corner * 2.0 - 1.0) * half_;
  gl_Position = vec4(corner.x * 2.0 - 1.0, 1.0 - corner.y * 2.0, 0.0, 1.0);
}`;

const RAY = `
uniform highp SAMPLER samples;
uniform vec3 low, high, centre, right, down, into, size;
uniform float opacity;
in vec2 at;
out vec4 shade;
bool crosses(out vec3 start, out vec3 step_, out int count) {
  vec3 origin = centre + right * at.x + down * at.y;
  vec3 slow = mix(into, vec3(1e-9), lessThan(abs(into), vec3(1e-9)));
  vec3 a = (low - origin) / slow, b = (high - origin) / slow;
  vec3 near = min(a, b), far = max(a, b);
  float begin = max(max(near.x, near.y), near.z), end = min(min(far.x, far.y), far.z);
  if (begin >= end) return false;
  vec3 first = (origin + into * begin - low) / (high - low), last = (origin + into * end - low) / (high - low);
  float voxels = length((last - first) * size);
  count = int(clamp(ceil(voxels - 0.01), 1.0, 1024.0));
  step_ = (last - first) / float(count);
  start = first + 0.5 * step_;
  return true;
}`;

const IMAGE = `${RAY}
uniform sampler2D map;
uniform vec2 limits;
uniform float gamma;
uniform bool additive;
void main() {
  vec3 p, d; int count;
  if (!crosses(p, d, count)) discard;
  float most = -3.4e38;
  for (int k = 0; k < count; k++) {
    float value = texture(samples, p).r;
    if (value > most) most = value;
    p += d;
  }
  float t = pow(clamp((most - limits.x) / (limits.y - limits.x), 0.0, 1.0), gamma);
  vec3 colour = texture(map, vec2((t * 255.0 + 0.5) / 256.0, 0.5)).rgb;
  shade = vec4(colour * opacity, additive ? 0.0 : opacity * t);
}`;

const LABELS = `${RAY}
${LABEL_COLOUR}
void main() {
  vec3 p, d; int count;
  if (!crosses(p, d, count)) discard;
  for (int k = 0; k < count; k++) {
    uint label = texture(samples, p).r;
    if (label != 0u) {
      vec3 e = 1.5 / size;
      vec3 slope = vec3(
        float(texture(samples, p + vec3(e.x, 0, 0)).r == label) - float(texture(samples, p - vec3(e.x, 0, 0)).r == label),
        float(texture(samples, p + vec3(0, e.y, 0)).r == label) - float(texture(samples, p - vec3(0, e.y, 0)).r == label),
        float(texture(samples, p + vec3(0, 0, e.z)).r == label) - float(texture(samples, p - vec3(0, 0, e.z)).r == label));
      float light = length(slope) > 0.0 ? 0.45 + 0.55 * max(0.0, dot(normalize(slope), into)) : 0.7;
      shade = vec4(labelColour(label) * light * opacity, opacity);
      return;
    }
    p += d;
  }
  discard;
}`;

export class VolumePainter {
  #volumes = new Map();

  constructor(stage) {
    this.stage = stage;
  }

  /** What drawing needs, made when there is something to draw: most who look never turn a volume. */
  #prepare() {
    if (this.programs) return;
    const { gl } = this.stage;
    this.square = square(gl);
    this.kept = new Kept(gl);
    this.smooth = gl.getExtension("OES_texture_float_linear") !== null;
    this.programs = {
      image: program(gl, VERTEX, IMAGE, "#define SAMPLER sampler3D"),
      labels: program(gl, VERTEX, LABELS, "#define SAMPLER usampler3D"),
    };
  }

  /** Draws a pane; what is missing is wished for. The rays are only cast again when something changed. */
  draw(pane, stage, box) {
    this.#prepare();
    const { state } = stage;
    const found = [];
    for (const layer of state.now.layers) {
      if (!layer.visible || layer.kind === "table") continue;
      const image = stage.images.get(layer.source);
      const look = { pane, layer, image, draws: [], stale: [], wishes: [], loading: 0, failed: [], level: 0 };
      stage.looks.push(look);
      if (!image || image.space.length < 3) continue;
      const levels = image.levelsFor(["z", "y", "x"], BRICK, () => stage.redraw());
      if (!levels) {
        look.loading = 1;
        continue;
      }
      const level = levelThatFits(levels, image.axes);
      look.tooFar = level === null;
      if (level === null) continue;
      look.level = level;
      const last = levels.length - 1;
      const fine = this.#filled(look, levels, level, 3000);
      const best = fine.left === 0 || level === last ? fine : this.#filled(look, levels, last, 0);
      found.push([look, best.filled === 0 ? fine : best, levels]);
    }
    const moving = this.#moving(stage);
    for (const [look] of found) look.moving = moving;
    this.kept.show(box, this.#signature(found, state.now), moving ? 0.5 : 1, () => {
      for (const [look, volume, levels] of found) this.#rays(pane, look, volume, levels);
    });
    this.#forget(stage);
  }

  /** Whether the view is being turned: then half the pixels do, until it stands still. */
  #moving(stage) {
    const { turn, centre, scale } = stage.state.now;
    const view = JSON.stringify([turn, centre, scale]);
    const now = performance.now();
    if (this.view !== undefined && view !== this.view) this.moved = now;
    this.view = view;
    const moving = now - (this.moved ?? -1000) < 200;
    if (moving) setTimeout(() => stage.redraw(), 220);
    return moving;
  }

  /** Everything the picture depends on. Bricks that come show a few times per second, not one by one. */
  #signature(found, { turn, centre, scale }) {
    const bricks = found.map(([, volume]) => [volume.level, volume.filled]);
    const now = performance.now();
    const complete = found.every(([, volume]) => volume.left === 0);
    if (complete || now - (this.shownAt ?? 0) > 300) {
      this.bricks = bricks;
      this.shownAt = now;
    } else setTimeout(() => this.stage.redraw(), 320);
    return JSON.stringify([turn, centre, scale, this.bricks, found.map(([{ layer }, volume]) => [layer, volume.key])]);
  }

  /** The texture of a level, with the bricks that have come. */
  #filled(look, levels, level, priority) {
    const { layer, image } = look;
    const { now } = this.stage.state;
    const others = image.axes.map((name) => (name === "c" && layer.channel !== null ? layer.channel : (now.at[name] ?? 0))).join();
    const key = `${image.name}|${image.version ?? 0}|${layer.kind}|${others}|${level}`;
    let volume = this.#volumes.get(key);
    if (!volume) {
      volume = { key, ...this.#make(levels[level], image, layer.kind), level, waiting: bricksOf({ image, layer, levels, level, at: now.at }), filled: 0 };
      this.#volumes.set(key, volume);
    }
    volume.frame = this.stage.tiles.frame;
    volume.waiting = volume.waiting.filter((brick) => {
      const tile = this.stage.tiles.touch(brick);
      if (tile.state === "ready") {
        if (performance.now() > this.stage.uploadUntil) {
          this.stage.redraw();
          return true;
        }
        this.#put(volume, tile);
        this.stage.tiles.drop(tile);
        return false;
      }
      if (tile.state === "failed") look.failed.push(tile);
      else look.loading += 1;
      look.wishes.push([tile, priority]);
      return true;
    });
    volume.left = volume.waiting.length;
    return volume;
  }

  #make(level, image, kind) {
    const { gl } = this.stage;
    const size = ["x", "y", "z"].map((name) => level.shape[image.axis(name)]);
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_3D, texture);
    gl.texStorage3D(gl.TEXTURE_3D, 1, kind === "labels" ? gl.R32UI : gl.R32F, ...size);
    nearest(gl, gl.TEXTURE_3D);
    gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_WRAP_R, gl.CLAMP_TO_EDGE);
    if (kind !== "labels" && this.smooth) {
      gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    }
    return { texture, size, kind };
  }

  #put(volume, { first, count, edge, paint }) {
    const { gl } = this.stage;
    gl.bindTexture(gl.TEXTURE_3D, volume.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, edge[2]);
    gl.pixelStorei(gl.UNPACK_IMAGE_HEIGHT, edge[1]);
    const [format, type] = volume.kind === "labels" ? [gl.RED_INTEGER, gl.UNSIGNED_INT] : [gl.RED, gl.FLOAT];
    gl.texSubImage3D(gl.TEXTURE_3D, 0, first[2], first[1], first[0], count[2], count[1], count[0], format, type, paint);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
    gl.pixelStorei(gl.UNPACK_IMAGE_HEIGHT, 0);
    volume.filled += 1;
  }

  #rays(pane, look, volume, levels) {
    const { gl, state, maps } = this.stage;
    const { layer, image } = look;
    const limits = layer.limits ?? (layer.kind === "image" ? null : [0, 1]);
    if (!limits || volume.filled === 0) return;
    const used = this.programs[volume.kind === "labels" ? "labels" : "image"];
    const { at } = used;
    const { scale, shape, translate } = levels[volume.level];
    const axes = ["x", "y", "z"].map((name) => image.axis(name));
    const low = axes.map((k) => translate[k] - scale[k] / 2);
    gl.useProgram(used.handle);
    gl.bindVertexArray(this.square);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const { centre, scale: zoom, turn } = state.now;
    const [right, down, into] = directions(turn);
    gl.uniform2f(at.half_, (pane.width / 2) * zoom, (pane.height / 2) * zoom);
    gl.uniform3f(at.low, ...low);
    gl.uniform3f(at.high, ...axes.map((k, n) => low[n] + shape[k] * scale[k]));
    gl.uniform3f(at.centre, centre.x, centre.y, centre.z);
    gl.uniform3f(at.right, ...right);
    gl.uniform3f(at.down, ...down);
    gl.uniform3f(at.into, ...into);
    gl.uniform3f(at.size, ...volume.size);
    gl.uniform1f(at.opacity, layer.opacity);
    gl.uniform1i(at.samples, 0);
    if (volume.kind !== "labels") {
      gl.uniform2f(at.limits, ...limits);
      gl.uniform1f(at.gamma, layer.gamma);
      gl.uniform1i(at.additive, layer.additive ? 1 : 0);
      gl.uniform1i(at.map, 1);
      gl.activeTexture(gl.TEXTURE1);
      gl.bindTexture(gl.TEXTURE_2D, maps.of(layer.map));
    }
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_3D, volume.texture);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Everything is fetched again. */
  forget() {
    for (const volume of this.#volumes.values()) this.stage.gl.deleteTexture(volume.texture);
    this.#volumes.clear();
  }

  /** Volumes that were not looked at for a while give their memory back. */
  #forget(stage) {
    for (const [key, volume] of this.#volumes) {
      if (volume.frame < stage.tiles.frame - 120) {
        stage.gl.deleteTexture(volume.texture);
        this.#volumes.delete(key);
      }
    }
  }
}
