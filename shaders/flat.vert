// Horizontal quads: pools of light on the floor, plates, zero planes. Positions are relative to the camera.
uniform mat4 clip_from_camera;
in vec3 lower, upper;  // lower.y is the height
in vec4 tint;
in float softness;  // 0 sharp, else the part of the quad that fades
out vec2 place;
flat out vec4 quad_tint;
flat out float soft;
void main() {
    vec2 uv = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    place = uv;
    quad_tint = tint;
    soft = softness;
    gl_Position = clip_from_camera * vec4(mix(lower.x, upper.x, uv.x), lower.y, mix(lower.z, upper.z, uv.y), 1.0);
}
