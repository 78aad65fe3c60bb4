// Data types: how samples lie in a chunk, and how they are painted.

const TABLE = {
  bool: [Uint8Array, "u8"],
  int8: [Int8Array, "i8"],
  uint8: [Uint8Array, "u8"],
  int16: [Int16Array, "i16"],
  uint16: [Uint16Array, "u16"],
  int32: [Int32Array, "i32"],
  uint32: [Uint32Array, "u32"],
  int64: [BigInt64Array, "f32"],
  uint64: [BigUint64Array, "f32"],
  float32: [Float32Array, "f32"],
  float64: [Float64Array, "f32"],
};

/** The typed array that holds samples of `dtype`. */
export function arrayOf(dtype) {
  const row = TABLE[dtype];
  if (!row) throw new Error(`The viewer does not know the data type ${dtype}; it knows ${Object.keys(TABLE).join(", ")}.`);
  return row[0];
}

/** The name of the texture format that samples of `dtype` are painted from. */
export function paintOf(dtype, kind) {
  return kind === "labels" ? "u32" : TABLE[dtype][1];
}

/** Whether samples of `dtype` are whole numbers. */
export function isInteger(dtype) {
  return /^(u?int|bool)/.test(dtype);
}

/** Lowest and highest number that `dtype` can hold, as doubles; for floats null. */
export function rangeOf(dtype) {
  if (dtype === "bool") return [0, 1];
  const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(dtype) ?? [];
  if (!bits) return null;
  return unsigned ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/**
 * What goes into a texture for `samples`: the samples themselves, or numbers of 32 bits made of them. Labels of 64 bits are
 * folded, so that numbers below 2^32 stay themselves and 0 stays the only background.
 */
export function paintFrom(samples, dtype, kind) {
  if (kind === "labels") {
    if (samples instanceof Uint32Array) return samples;
    const keys = new Uint32Array(samples.length);
    if (samples.BYTES_PER_ELEMENT === 8 && typeof samples[0] === "bigint") {
      const halves = new Uint32Array(samples.buffer, samples.byteOffset, samples.length * 2);
      for (let i = 0; i < keys.length; i++) keys[i] = foldHalves(halves[2 * i], halves[2 * i + 1]);
    } else {
      for (let i = 0; i < keys.length; i++) keys[i] = samples[i];
    }
    return keys;
  }
  const wide = kind === "volume" || TABLE[dtype][1] === "f32";
  if (!wide || samples instanceof Float32Array) return samples;
  return typeof samples[0] === "bigint" ? Float32Array.from(samples, Number) : new Float32Array(samples);
}

/** One number of 32 bits for the two halves of one of 64; 0 for 0 only. */
export function foldHalves(low, high) {
  if (high === 0) return low;
  const key = (low ^ Math.imul(high, 0x9e3779b1)) >>> 0;
  return key === 0 ? 1 : key;
}

/** The key that the label `value` (a number or a BigInt) is painted with. */
export function labelKey(value) {
  if (typeof value !== "bigint") return value >>> 0;
  const whole = BigInt.asUintN(64, value);
  return foldHalves(Number(whole & 0xffffffffn), Number(whole >> 32n));
}
