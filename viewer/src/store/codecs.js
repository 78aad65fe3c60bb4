// Bytes of a chunk to samples. Browsers bring gzip; the server sends what they cannot decode uncompressed.

import { arrayOf } from "./dtype.js";

const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Undoes `codecs` (of Zarr v3, in the order of encoding). `count` samples are expected. */
export async function decode(bytes, codecs, dtype, count) {
  let order = "little";
  for (const codec of [...codecs].reverse()) {
    if (codec.name === "bytes") order = codec.configuration?.endian ?? "little";
    else if (codec.name === "gzip") bytes = await inflate(bytes, "gzip");
    else if (codec.name === "zlib") bytes = await inflate(bytes, "deflate");
    else if (codec.name === "numcodecs.shuffle") bytes = unshuffle(bytes, codec.configuration.elementsize);
    else if (codec.name === "crc32c") bytes = bytes.slice(0, -4);
    else throw new Error(`The viewer cannot decode ${codec.name}; ask the server for an uncompressed chunking.`);
  }
  const type = arrayOf(dtype);
  const size = type.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== count * size) {
    throw new Error(`The chunk has ${bytes.byteLength} bytes; ${count} samples of ${dtype} are ${count * size}.`);
  }
  if (size > 1 && (order === "little") !== LITTLE) swap(new Uint8Array(bytes), size);
  return new type(bytes);
}

/** First bytes of all samples, then all second ones, and so on: back to sample after sample. */
function unshuffle(bytes, size) {
  const from = new Uint8Array(bytes);
  const to = new Uint8Array(from.length);
  const count = from.length / size;
  for (let byte = 0, at = 0; byte < size; byte++) {
    for (let k = byte; k < count * size; k += size, at++) to[k] = from[at];
  }
  return to.buffer;
}

async function inflate(bytes, format) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  return new Response(stream).arrayBuffer();
}

function swap(bytes, size) {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}
