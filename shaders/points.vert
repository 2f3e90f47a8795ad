// Explicit points as round sprites facing the camera. Positions are relative to the camera.
uniform mat4 clip_from_camera;
uniform vec2 size_px;
uniform float focal_px;
in vec3 place;
in vec4 tint;
in float diameter;
out vec2 from_middle;
flat out float radius_px;
flat out vec4 point_tint;
void main() {
    vec4 middle = clip_from_camera * vec4(place, 1.0);
    float exact_px = 0.5 * diameter * focal_px / max(middle.w, 1e-6);
    radius_px = max(exact_px, 0.75);
    point_tint = vec4(tint.rgb, tint.a * min(exact_px * exact_px / (radius_px * radius_px), 1.0));
    from_middle = (vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0) * (radius_px + 1.0);
    gl_Position = middle.w > 1e-3 ? middle + vec4(from_middle * 2.0 / size_px * middle.w, 0.0, 0.0) : vec4(0.0, 0.0, 2.0, 1.0);
}
