// Rectangles on the picture. Pixels count from the top left of the viewport.
uniform vec2 size_px;
in vec4 place_px;  // x, y, width, height
in vec4 left, right;
in vec2 form_px;  // corner radius, softness of the edge
in float glyph;
out vec2 from_middle;
out float along;
flat out vec4 left_tint, right_tint;
flat out vec2 half_size, form;
flat out int figure;
void main() {
    half_size = 0.5 * place_px.zw;
    form = vec2(min(form_px.x, min(half_size.x, half_size.y)), form_px.y);
    figure = int(glyph + 0.5);
    left_tint = left;
    right_tint = right;
    from_middle = (vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0) * (half_size + form.y + 1.0);
    along = 0.5 + 0.5 * from_middle.x / max(half_size.x, 1e-4);
    vec2 unit = (place_px.xy + half_size + from_middle) / size_px;
    gl_Position = vec4(2.0 * unit.x - 1.0, 1.0 - 2.0 * unit.y, 0.0, 1.0);
}
