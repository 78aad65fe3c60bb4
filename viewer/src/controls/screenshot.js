// The picture as a file: image and overlay, without the controls.

/** Picture and overlay on one canvas. */
export function composed(stage) {
  const { canvas } = stage;
  const both = document.createElement("canvas");
  both.width = canvas.width;
  both.height = canvas.height;
  const context = both.getContext("2d");
  context.drawImage(canvas, 0, 0);
  context.drawImage(document.getElementById("overlay"), 0, 0, both.width, both.height);
  return both;
}

/** Lets the browser save the picture. */
export function saveScreenshot(stage) {
  composed(stage).toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${stage.state.now.layers[0]?.source ?? "petavox"}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, "image/png");
}
