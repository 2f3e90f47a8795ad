// A segment as a screen quad, cut at the near plane; vertex 0 to 3 of a strip.
uniform mat4 clip_from_camera;
uniform vec2 size_px;
const float NEAR = 1e-3;

vec4 segment_corner(vec3 start, vec3 end, float reach_px, int vertex) {
    vec4 a = clip_from_camera * vec4(start, 1.0);
    vec4 b = clip_from_camera * vec4(end, 1.0);
    if (a.w < NEAR && b.w < NEAR) return vec4(0.0, 0.0, 2.0, 1.0);
    vec4 cut = mix(a, b, (a.w - NEAR) / (a.w - b.w));
    if (a.w < NEAR) a = cut;
    if (b.w < NEAR) b = cut;
    vec2 along = (b.xy / b.w - a.xy / a.w) * size_px;
    vec2 normal = length(along) > 1e-6 ? normalize(vec2(-along.y, along.x)) : vec2(0.0, 1.0);
    vec4 at = vertex < 2 ? a : b;
    float side = (vertex & 1) == 0 ? -1.0 : 1.0;
    return vec4(at.xy + normal * side * reach_px * 2.0 / size_px * at.w, at.zw);
}
