// Every address of the server that the viewer uses, and nothing else.

const root = new URL("./", document.baseURI);
const token = new URLSearchParams(location.search).get("token");

/** Headers of every request: the token, where the server wants one. */
export const headers = token ? { Authorization: `Bearer ${token}` } : {};

/** The address of `path` on the server. */
export function address(path) {
  return new URL(path, root).href;
}

/** Where the Zarr of an image is, in chunks of the shape given (one number per axis). */
export function zarrAddress(name, chunk) {
  return address(`images/${encodeURIComponent(name)}/zarr/@chunk=${chunk.join("x")}/@codec=shuffle/@wait=0`);
}

/** What the server has opened. */
export async function images() {
  return json(address("images"));
}

/** JSON from an address, or an error that says what the server said. */
export async function json(url) {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${response.status} ${(await response.text()).slice(0, 300)}`);
  return response.json();
}

/** Where a plane at any angle is: see `oblique.js` for the numbers. */
export function planeAddress(name, numbers) {
  const query = Object.entries(numbers).map(([key, value]) => `${key}=${Array.isArray(value) ? value.map(plain).join(",") : value}`);
  return address(`images/${encodeURIComponent(name)}/plane?${query.join("&")}`);
}

function plain(number) {
  return String(Math.abs(number) < 1e-9 ? 0 : Number(number.toPrecision(9)));
}

/** The bytes of one sample, `index` having one number per axis. */
export async function sample(name, index, signal) {
  const query = `slice=${index.join(",")}&format=raw`;
  const response = await fetch(address(`images/${encodeURIComponent(name)}/array?${query}`), { headers, signal });
  if (!response.ok) throw new Error((await response.text()).slice(0, 300));
  return response.arrayBuffer();
}

/** How the samples of an image are distributed: see the address /images/NAME/histogram for the numbers. */
export async function histogramOf(name, numbers) {
  return json(address(`images/${encodeURIComponent(name)}/histogram?${new URLSearchParams(numbers)}`));
}

/** Tables that the server has opened. */
export async function tables() {
  return json(address("tables"));
}

/** A column of a table: doubles, or strings. */
export async function column(table, name) {
  const response = await fetch(address(`tables/${encodeURIComponent(table)}/${encodeURIComponent(name)}`), { headers });
  if (!response.ok) throw new Error((await response.text()).slice(0, 300));
  const text = response.headers.get("content-type")?.startsWith("application/json");
  return text ? response.json() : new Float64Array(await response.arrayBuffer());
}

/** How the branches of a table run: where each row's points begin, and the points, in samples along z, y and x. */
export async function paths(table, rows) {
  const response = await fetch(address(`tables/${encodeURIComponent(table)}/@paths`), { headers });
  if (!response.ok) throw new Error((await response.text()).slice(0, 300));
  const bytes = await response.arrayBuffer();
  return { starts: new Uint32Array(bytes, 0, rows + 1), points: new Float32Array(bytes, 4 * (rows + 1)) };
}

/** How far the computation of a whole image is. */
export async function computation(name) {
  return json(address(`images/${encodeURIComponent(name)}/status`));
}

/** The stream of what changes. */
export function events() {
  return new EventSource(address(token ? `events?token=${encodeURIComponent(token)}` : "events"));
}

/** What the server says of itself: memory, chunks computed, queue. */
export async function health() {
  return json(address("health"));
}
