// OME-Zarr metadata (Zarr v3, 0.5) to a description of an image and of its levels.

import { json } from "../server.js";

/** Axes that have a place in space; all others are stepped through. */
export const SPACE = ["z", "y", "x"];

/** Reads the group at `url`: axes, levels with their places in space, channels. */
export async function readGroup(url) {
  const group = await json(`${url}/zarr.json`);
  const ome = group.attributes?.ome ?? group.attributes ?? {};
  const multiscale = ome.multiscales?.[0];
  if (!multiscale) throw new Error(`${url} is no OME-Zarr image: its metadata have no multiscales.`);
  const known = group.consolidated_metadata?.metadata ?? {};
  const arrays = await Promise.all(
    multiscale.datasets.map(({ path }) => known[path] ?? json(`${url}/${path}/zarr.json`)),
  );
  const whole = transformOf(multiscale.coordinateTransformations, arrays[0].shape.length);
  return {
    axes: namesOf(multiscale.axes ?? [], arrays[0].shape.length),
    units: Object.fromEntries((multiscale.axes ?? []).map((axis) => [axis.name, axis.unit])),
    dtype: arrays[0].data_type,
    labels: "image-label" in ome,
    omero: ome.omero ?? null,
    remarks: group.attributes?.petavox ?? {},
    levels: multiscale.datasets.map((dataset, k) => levelOf(url, dataset, arrays[k], whole)),
  };
}

/** One-letter names for `count` axes; axes without a known name take the places of z, y and x from the end. */
export function namesOf(axes, count) {
  const names = axes.map((axis) => (typeof axis === "string" ? axis : axis.name).toLowerCase());
  while (names.length < count) names.unshift("");
  if (!names.includes("x")) {
    const places = SPACE.slice(-Math.min(count, 3));
    places.forEach((name, k) => {
      names[count - places.length + k] = name;
    });
  }
  return names.map((name, k) => name || `axis${k}`);
}

function transformOf(transforms, count) {
  const scale = transforms?.find((t) => t.type === "scale")?.scale ?? Array(count).fill(1);
  const translate = transforms?.find((t) => t.type === "translation")?.translation ?? Array(count).fill(0);
  return { scale, translate };
}

function levelOf(url, dataset, array, whole) {
  const own = transformOf(dataset.coordinateTransformations, array.shape.length);
  const separator = array.chunk_key_encoding?.configuration?.separator ?? "/";
  const plain = array.chunk_key_encoding?.name === "v2";
  return {
    shape: array.shape,
    chunk: array.chunk_grid.configuration.chunk_shape,
    scale: own.scale.map((s, k) => s * whole.scale[k]),
    translate: own.translate.map((t, k) => t * whole.scale[k] + whole.translate[k]),
    codecs: array.codecs,
    remarks: array.attributes?.petavox ?? {},
    chunkUrl: (index) => `${url}/${dataset.path}/${plain ? "" : `c${separator}`}${index.join(separator)}`,
  };
}
