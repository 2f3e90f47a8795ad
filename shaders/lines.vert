#include "segment.glsl"
// Segments with a width in pixels. Positions are relative to the camera.
in vec3 start, end;
in vec4 tint;
in float width_px;
in vec2 apart;  // along z to the next line, at start and end; 0: it is alone
out float across;  // pixels from the middle times w: what is linear on the screen
flat out float half_width;
out float density;
flat out vec4 line_tint;

// How strong one of many lines may be: those that are closer than 2.6 px share their light.
float strength(vec3 place, vec3 other, float gap) {
    if (gap <= 0.0) return 1.0;
    vec4 here = clip_from_camera * vec4(place, 1.0), there = clip_from_camera * vec4(place + vec3(0.0, 0.0, gap), 1.0);
    vec4 ahead = clip_from_camera * vec4(other, 1.0);
    if (min(min(here.w, there.w), ahead.w) < NEAR) return 1.0;
    vec2 along = (ahead.xy / ahead.w - here.xy / here.w) * size_px;
    vec2 aside = (there.xy / there.w - here.xy / here.w) * size_px * 0.5;
    float gap_px = abs(along.x * aside.y - along.y * aside.x) / max(length(along), 1e-4);
    return clamp(gap_px / 2.6, 0.16, 1.0);
}

void main() {
    density = gl_VertexID < 2 ? strength(start, end, apart.x) : strength(end, start, apart.y);
    line_tint = tint;
    half_width = 0.5 * width_px;
    gl_Position = segment_corner(start, end, half_width + 1.0, gl_VertexID);
    across = ((gl_VertexID & 1) == 0 ? -1.0 : 1.0) * (half_width + 1.0) * gl_Position.w;
}
