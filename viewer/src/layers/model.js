// Layers as they stand in the state, made from what the server has opened.

const CHANNELS = ["gray", "green", "magenta", "cyan", "yellow", "red", "blue", "orange"];
/** An image with more channels is one layer with a slider. */
const MOST_CHANNELS = 8;

/** Layers for an image: one, or one per channel. */
export function layersOf(image) {
  const kind = image.labels ? "labels" : "image";
  const c = image.axis("c");
  const count = c < 0 ? 1 : image.levels[0].shape[c];
  if (kind === "labels" || count > MOST_CHANNELS || c < 0) return [layerOf(image, kind, null, 1)];
  return Array.from({ length: count }, (_, k) => layerOf(image, kind, k, count));
}

function layerOf(image, kind, channel, count) {
  const told = channel === null ? image.omero?.channels?.[0] : image.omero?.channels?.[channel];
  // Programs that know no colours write the same for all.
  const colours = new Set(image.omero?.channels?.map((one) => one.color));
  const own = /^[0-9a-f]{6}$/i.test(told?.color ?? "") && (count === 1 || colours.size > 1) ? `#${told.color.toLowerCase()}` : null;
  const rgb = count === 3 && image.dtype === "uint8" && !own;
  const map = rgb ? ["red", "green", "blue"][channel] : (own ?? CHANNELS[count > 1 ? (channel + 1) % CHANNELS.length : 0]);
  const { start, end } = told?.window ?? {};
  const limits = rgb ? [0, 255] : image.dtype === "bool" ? [0, 1] : Number.isFinite(start) && end > start ? [start, end] : null;
  return {
    id: channel === null || count === 1 ? image.name : `${labelOf(image, channel)} · ${image.name}`,
    source: image.name,
    kind,
    channel,
    visible: told?.active !== false,
    opacity: kind === "labels" ? 0.6 : 1,
    additive: count > 1,
    map: map === "#ffffff" ? "gray" : map,
    limits,
    gamma: 1,
    outline: 0,
  };
}

/** What a channel is called; a name that another has as well gets the number. */
function labelOf(image, channel) {
  const labels = image.omero?.channels?.map((one) => one.label) ?? [];
  const own = labels[channel];
  if (!own) return `channel ${channel}`;
  return labels.indexOf(own) === labels.lastIndexOf(own) ? own : `${own} (${channel})`;
}

/** Layers a link brought, completed where it lacks entries, without those that are not open here. */
export function completed(layers, fresh) {
  return layers
    .filter((layer) => fresh.some((one) => one.source === layer.source))
    .map((layer) => ({ ...(fresh.find((one) => one.id === layer.id) ?? fresh.find((one) => one.source === layer.source)), ...layer }));
}
