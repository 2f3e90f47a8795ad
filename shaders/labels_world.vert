// Glyphs lying in the world, from distance fields. Positions are relative to the camera.
uniform mat4 clip_from_camera;
in vec3 corner;  // top left
in vec3 across, down;  // sides of the glyph's rectangle
in vec4 box;  // texels: x, y, width, height
in vec4 tint;
out vec2 at;  // texels from the box's corner
flat out vec2 origin;
flat out vec4 ink;
void main() {
    vec2 unit = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    at = unit * box.zw;
    origin = box.xy;
    ink = tint;
    gl_Position = clip_from_camera * vec4(corner + unit.x * across + unit.y * down, 1.0);
}
