// A picture that is costly to draw is kept and shown again until what it was made from changes.

/** A picture in the graphics memory. */
export class Kept {
  #signature = null;
  #size = [0, 0];

  constructor(gl) {
    this.gl = gl;
    this.frame = gl.createFramebuffer();
    this.colours = gl.createRenderbuffer();
  }

  /**
   * Shows the picture in `box` (x, y, width, height in pixels of the canvas). `paint()` draws it anew, at `detail` of the
   * size, when `signature` is another one than before.
   */
  show(box, signature, detail, paint) {
    const { gl } = this;
    const [x, y, width, height] = box;
    const size = [Math.max(1, Math.round(width * detail)), Math.max(1, Math.round(height * detail))];
    const whole = `${signature}|${size}`;
    gl.disable(gl.SCISSOR_TEST);
    if (whole !== this.#signature) {
      this.#signature = whole;
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
      if (size.join() !== this.#size.join()) this.#resize(size);
      gl.viewport(0, 0, ...size);
      gl.clearColor(0, 0, 0, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      paint();
    }
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.frame);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.blitFramebuffer(0, 0, ...this.#size, x, y, x + width, y + height, gl.COLOR_BUFFER_BIT, detail === 1 ? gl.NEAREST : gl.LINEAR);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(...box);
    gl.enable(gl.SCISSOR_TEST);
  }

  #resize(size) {
    const { gl } = this;
    this.#size = size;
    gl.bindRenderbuffer(gl.RENDERBUFFER, this.colours);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGB8, ...size);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, this.colours);
  }
}
