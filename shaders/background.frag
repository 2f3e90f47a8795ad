// Sky, glow at the horizon and the ruled floor, from the view ray alone.
#include "surroundings.glsl"
#include "floor_rules.glsl"
#include "grain.glsl"
uniform float eye_height;  // above the floor
in vec3 ray;
out vec4 color;

void main() {
    vec3 direction = normalize(ray);
    float e = direction.y;
    float to_floor = eye_height / max(-e, 1e-5);
    float ruled = rules(direction.xz * to_floor);
    vec3 below = mix(floor_ground(e), grid_color, ruled * floor_fade(to_floor) * step(0.0, eye_height));
    vec3 result = e < 0.0 ? below : sky_color(e);
    result += horizon_light(e);
    color = vec4(result + grain(), 1.0);
}
