// Texture formats for samples as they are: whole numbers are never turned into something else on their way.

/** Sampler prefix, internal format, format and type of each kind of samples. */
export const FORMATS = {
  u8: ["u", "R8UI", "RED_INTEGER", "UNSIGNED_BYTE"],
  i8: ["i", "R8I", "RED_INTEGER", "BYTE"],
  u16: ["u", "R16UI", "RED_INTEGER", "UNSIGNED_SHORT"],
  i16: ["i", "R16I", "RED_INTEGER", "SHORT"],
  u32: ["u", "R32UI", "RED_INTEGER", "UNSIGNED_INT"],
  i32: ["i", "R32I", "RED_INTEGER", "INT"],
  f32: ["", "R32F", "RED", "FLOAT"],
};

/** Makes the texture of a plane of samples. */
export function texture2d(gl, format, columns, rows, samples) {
  const [, internal, layout, type] = FORMATS[format];
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl[internal], columns, rows, 0, gl[layout], gl[type], samples);
  nearest(gl, gl.TEXTURE_2D);
  return texture;
}

/** No smoothing and no repetition. */
export function nearest(gl, target) {
  gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.texParameteri(target, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(target, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}
