// Directions of a view that is turned by two angles: yaw around y, then pitch around the screen's own x.

/** The world's directions of the screen's right, down and into the screen: three vectors `[x, y, z]` of length 1. */
export function directions([yaw, pitch]) {
  const [a, b] = [(yaw * Math.PI) / 180, (pitch * Math.PI) / 180];
  const [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
  return [
    [ca, 0, -sa],
    [sa * sb, cb, ca * sb],
    [sa * cb, -sb, ca * cb],
  ];
}

/** Where a place in the world is on a turned view, in pixels of the page, and how deep. */
export function project(pane, state, angles, place) {
  const from = ["x", "y", "z"].map((axis) => (place[axis] ?? 0) - (state.centre[axis] ?? 0));
  const [right, down, into] = directions(angles).map((d) => d[0] * from[0] + d[1] * from[1] + d[2] * from[2]);
  return [pane.x + pane.width / 2 + right / state.scale, pane.y + pane.height / 2 + down / state.scale, into];
}
