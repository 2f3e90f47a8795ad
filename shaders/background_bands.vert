// Sky and floor in level bands that are narrow where colors change fast: what is smooth is found at their corners only.
#include "surroundings.glsl"
uniform mat3 world_from_eye;
uniform vec4 lens;       // clip_from_eye [0][0], [1][1], [0][2], [1][2]
uniform float above;     // 1: of the horizon, 0: below it
uniform float eye_height;  // above the floor
in vec2 band;            // lower and upper edge, clip space
out vec3 ray;
out vec3 ground;
out float fade;
const float COLUMNS = 16.0;  // as in background.py
void main() {
    vec2 corner = vec2(2.0 * float(gl_VertexID >> 1) / COLUMNS - 1.0, (gl_VertexID & 1) == 0 ? band.x : band.y);
    gl_Position = vec4(corner, 0.0, 1.0);
    ray = world_from_eye * vec3((corner.x + lens.z) / lens.x, (corner.y + lens.w) / lens.y, -1.0);
    float e = normalize(ray).y;
    e = above > 0.5 ? max(e, 0.0) : min(e, 0.0);
    ground = (above > 0.5 ? sky_color(e) : floor_ground(e)) + horizon_light(e);
    fade = floor_fade(eye_height / max(-e, 1e-5)) * step(0.0, eye_height);
}
