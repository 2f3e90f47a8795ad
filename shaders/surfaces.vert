// Triangles, one an instance, with a color at each corner. Positions are relative to the camera.
uniform mat4 clip_from_camera;
in vec3 a, b, c;
in vec4 tint_a, tint_b, tint_c;
out vec4 tint;
void main() {
    tint = gl_VertexID == 0 ? tint_a : gl_VertexID == 1 ? tint_b : tint_c;
    gl_Position = clip_from_camera * vec4(gl_VertexID == 0 ? a : gl_VertexID == 1 ? b : c, 1.0);
}
