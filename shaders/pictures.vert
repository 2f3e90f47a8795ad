// A flat picture standing in the scene. Positions are relative to the camera; row 0 of the picture is its top.
uniform mat4 clip_from_camera;
in vec3 corner, across, up;
out vec2 uv;
void main() {
    vec2 unit = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    uv = vec2(unit.x, 1.0 - unit.y);
    gl_Position = clip_from_camera * vec4(corner + unit.x * across + unit.y * up, 1.0);
}
