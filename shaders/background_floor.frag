// Bands below the horizon.
#include "grain.glsl"
#include "floor_rules.glsl"
uniform vec3 grid_color;
uniform float eye_height;
in vec3 ray;
in vec3 ground;
in float fade;
out vec4 color;
void main() {
    float ruled = rules(ray.xz * (eye_height / max(-ray.y, 1e-5)));
    color = vec4(mix(ground, grid_color, ruled * fade) + grain(), 1.0);
}
