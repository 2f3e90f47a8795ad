// Bands below the horizon.
uniform vec3 grid_color;
uniform vec2 eye_xz;
uniform float eye_height, floor_step, line_px;
in vec3 ray;
in vec3 ground;
in vec2 steepness, minor, major;
out vec4 color;
#include "dither.glsl"
void main() {
    vec2 place = (eye_xz + ray.xz * (eye_height / max(-ray.y, 1e-5))) / floor_step - 0.5;
    vec2 thin = clamp(0.5 * line_px + 0.5 - abs(fract(place) - 0.5) * steepness, 0.0, 1.0) * minor;
    place = 0.125 * place - 0.4375;
    vec2 wide = clamp(0.6 * line_px + 0.5 - abs(fract(place) - 0.5) * (8.0 * steepness), 0.0, 1.0) * major;
    vec2 ruled = max(thin, wide);
    color = vec4(mix(ground, grid_color, max(ruled.x, ruled.y)) + dither(), 1.0);
}
