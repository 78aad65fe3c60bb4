// Reads what petavox serves with zarrita and with viv's loader; samples are told by their digest.
import { loadOmeZarr } from "@hms-dbmi/viv";
import * as zarr from "zarrita";

async function told(data, shape) {
  // Booleans and what lies in a larger buffer are copied first.
  const bytes = data.buffer && data.BYTES_PER_ELEMENT
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : Uint8Array.from(data, Number);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
  return { shape: [...shape], sha256: [...digest].map((b) => b.toString(16).padStart(2, "0")).join("") };
}

// A box: [first, past the last] per axis.
async function zarrita(address, version, box) {
  const open = version === 2 ? zarr.open.v2 : zarr.open.v3;
  const array = await open(zarr.root(new zarr.FetchStore(address)).resolve("0"), { kind: "array" });
  const part = await zarr.get(array, box.map(([a, b]) => zarr.slice(a, b)));
  return told(part.data, part.shape);
}

// One plane of the level, as viv and vizarr ask for it.
async function viv(address, selection) {
  const { data } = await loadOmeZarr(address, { type: "multiscales" });
  const { data: samples, width, height } = await data[0].getRaster({ selection });
  return { ...(await told(samples, [height, width])), labels: data[0].labels, levels: data.length };
}

globalThis.clients = { zarrita, viv };
