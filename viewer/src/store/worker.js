// Fetches and decodes chunks beside the page's own thread.

import { decode } from "./codecs.js";
import { paintFrom } from "./dtype.js";
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

async function load({ url, headers, codecs, dtype, kind, columns, rows, width, height, planes }, signal) {
  const began = performance.now();
  let response;
  try {
    response = await fetch(url, { signal, headers });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(`no answer from the server (${error.message})`);
  }
  const count = columns * rows * planes;
  // The server makes every chunk there is: whatever is not there is a failure, never the fill value.
  if (!response.ok) throw Object.assign(new Error(await reason(response)), { later: response.status === 503 });
  const bytes = await response.arrayBuffer();
  const received = bytes.byteLength;
  const samples = await decode(bytes, codecs, dtype, count);
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
