// Sky and floor in level bands that are narrow where colors change fast: what is smooth is found at their corners only.
#include "surroundings.glsl"
uniform mat3 world_from_eye;
uniform vec4 lens;       // clip_from_eye [0][0], [1][1], [0][2], [1][2]
uniform vec2 size_px;
uniform float above;     // 1: of the horizon, 0: below it
uniform float eye_height;  // above the floor
uniform float floor_step, line_px;
in vec2 band;            // lower and upper edge, clip space
out vec3 ray;
out vec3 ground;
out vec2 steepness;      // pixels from a thin line to the next
out vec2 minor, major;   // strength of lines
const float COLUMNS = 8.0;  // as in background.py

vec2 seen(vec2 width) { return clamp(1.0 - 2.2 * width * max(line_px, 1.0), 0.0, 1.0); }

void main() {
    vec2 corner = vec2(2.0 * float(gl_VertexID >> 1) / COLUMNS - 1.0, (gl_VertexID & 1) == 0 ? band.x : band.y);
    gl_Position = vec4(corner, 0.0, 1.0);
    ray = world_from_eye * vec3((corner.x + lens.z) / lens.x, (corner.y + lens.w) / lens.y, -1.0);
    float e = normalize(ray).y;
    e = above > 0.5 ? max(e, 0.0) : min(e, 0.0);
    ground = (above > 0.5 ? sky_color(e) : floor_ground(e)) + horizon_light(e);
    float down = max(-ray.y, 1e-5);
    vec2 pixel = 2.0 / (size_px * lens.xy);
    vec3 up = world_from_eye[1];
    vec2 across = abs(world_from_eye[0].xz) * pixel.x / down;
    vec2 along = abs(up.xz * down + ray.xz * up.y) * pixel.y / (down * down);
    vec2 width = eye_height / floor_step * (across + along);  // of a pixel, in thin squares
    float fade = floor_fade(eye_height * length(ray) / down) * step(0.0, eye_height);
    steepness = 1.0 / max(width, vec2(1e-6));
    minor = 0.28 * fade * seen(width);
    major = 0.55 * fade * seen(width / 8.0);
}
