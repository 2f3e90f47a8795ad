#include "segment.glsl"
// Segments with a width in pixels. Positions are relative to the camera.
in vec3 start, end;
in vec4 tint;
in float width_px;
out float across;  // pixels from the middle times w: what is linear on the screen
flat out float half_width;
flat out vec4 line_tint;
void main() {
    line_tint = tint;
    half_width = 0.5 * width_px;
    gl_Position = segment_corner(start, end, half_width + 1.0, gl_VertexID);
    across = ((gl_VertexID & 1) == 0 ? -1.0 : 1.0) * (half_width + 1.0) * gl_Position.w;
}
