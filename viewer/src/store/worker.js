// Fetches and decodes chunks beside the page's own thread.

import { decode } from "./codecs.js";
import { arrayOf, paintFrom } from "./dtype.js";
import { sampleGrid } from "./sample.js";

const running = new Map();

onmessage = async ({ data }) => {
  if ("cancel" in data) {
    running.get(data.cancel)?.abort();
    return;
  }
  const control = new AbortController();
  running.set(data.id, control);
  try {
    const answer = await load(data, control.signal);
    const moved = [answer.samples.buffer, answer.picked.buffer];
    if (answer.paint) moved.push(answer.paint.buffer);
    postMessage({ id: data.id, ...answer }, moved);
  } catch (error) {
    postMessage({ id: data.id, error: control.signal.aborted ? "cancelled" : error.message, later: error.later === true });
  } finally {
    running.delete(data.id);
  }
};

async function load({ url, headers, codecs, dtype, kind, columns, rows, width, height, planes, fill }, signal) {
  const began = performance.now();
  let response;
  try {
    response = await fetch(url, { signal, headers });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(`no answer from the server (${error.message})`);
  }
  const count = columns * rows * planes;
  let samples;
  let received = 0;
  if (response.status === 404 || response.status === 204) {
    // Chunks of the grid that a Zarr does not have are its fill value.
    const type = arrayOf(dtype);
    const big = type === BigInt64Array || type === BigUint64Array;
    samples = new type(count).fill(big ? BigInt(Math.trunc(fill)) : fill);
  } else if (response.status === 503) {
    throw Object.assign(new Error(await reason(response)), { later: true });
  } else if (!response.ok) {
    throw new Error(await reason(response));
  } else {
    const bytes = await response.arrayBuffer();
    received = bytes.byteLength;
    samples = await decode(bytes, codecs, dtype, count);
  }
  const paint = paintFrom(samples, dtype, kind);
  return {
    samples,
    paint: paint === samples ? null : paint,
    picked: sampleGrid(samples, columns, width, height),
    received,
    milliseconds: performance.now() - began,
  };
}

async function reason(response) {
  const text = (await response.text()).slice(0, 500);
  try {
    const found = JSON.parse(text);
    return found.error ?? found.message ?? text;
  } catch {
    return text || `the server answered ${response.status}`;
  }
}
