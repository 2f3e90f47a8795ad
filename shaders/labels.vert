// Glyphs at exact pixel sizes. Pixels count from the top left of the viewport.
uniform vec2 size_px;
in vec4 place;  // x, y, width, height, whole pixels
in vec2 texel;  // of the glyph's top left corner
in vec4 tint;
out vec2 at;
flat out vec4 ink;
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * place.zw;
    at = texel + corner;
    ink = tint;
    vec2 unit = (place.xy + corner) / size_px;
    gl_Position = vec4(2.0 * unit.x - 1.0, 1.0 - 2.0 * unit.y, 0.0, 1.0);
}
