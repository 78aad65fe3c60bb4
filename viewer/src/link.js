// The state in the page's address, so that a link shows what its sender saw.

const DIGITS = 7;

/** The part of an address behind `#` that describes `state`. */
export function write(state) {
  const rounded = JSON.stringify(state, (_, value) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value,
  );
  // Quotes are short as apostrophes, which encodeURIComponent would leave as they are.
  return `#${encodeURIComponent(rounded).replaceAll("'", "%27").replaceAll("%22", "'").replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
}

/** What `write` wrote, or null where an address carries nothing that can be read. */
export function read(hash) {
  if (hash.length < 2) return null;
  try {
    const text = decodeURIComponent(hash.slice(1).replaceAll("'", "%22"));
    const found = JSON.parse(text);
    return found !== null && typeof found === "object" && !Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

/** Keeps the page's address true to `state`, at most a few times per second. */
export function follow(state) {
  let timer = 0;
  let own = "";
  state.listen(() => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = 0;
      own = write(state.now);
      history.replaceState(null, "", own);
    }, 300);
  });
  addEventListener("hashchange", () => {
    if (location.hash === own) return;
    const found = read(location.hash);
    if (found) state.set(found, "link");
  });
}
