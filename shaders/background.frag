// Sky, glow at the horizon and the ruled floor, from the view ray alone.
uniform vec3 zenith, sky, horizon, floor_color, grid_color;
uniform float haze, horizon_line;
uniform vec2 eye_xz;       // modulo the coarse step, so that far scenes keep their precision
uniform float eye_height;  // above the floor
uniform float floor_step, fade_distance, line_px;
uniform vec2 first_px;     // of the picture, where the framebuffer holds a part of it
in vec3 ray;
out vec4 color;

float rule(vec2 place, float width_px) {
    vec2 width = fwidth(place);
    vec2 nearest = abs(fract(place - 0.5) - 0.5) / max(width, vec2(1e-6));
    vec2 strength = clamp(0.5 * width_px + 0.5 - nearest, 0.0, 1.0) * clamp(1.0 - 2.2 * width * max(line_px, 1.0), 0.0, 1.0);
    return max(strength.x, strength.y);
}

void main() {
    vec3 direction = normalize(ray);
    float e = direction.y;
    float to_floor = eye_height / max(-e, 1e-5);
    vec2 hit = eye_xz + direction.xz * to_floor;
    float minor = rule(hit / floor_step, line_px);
    float major = rule(hit / (8.0 * floor_step), 1.2 * line_px);
    vec3 above = mix(sky, zenith, smoothstep(0.0, 0.55, e));
    above = mix(above, horizon, exp(-haze * abs(e)));
    vec3 below = mix(floor_color, horizon, exp(1.3 * haze * min(e, 0.0)));
    float fade = exp(-to_floor / fade_distance);
    below = mix(below, grid_color, max(0.28 * minor, 0.55 * major) * fade * step(0.0, eye_height));
    vec3 result = e < 0.0 ? below : above;
    result += grid_color * horizon_line * exp(-150.0 * abs(e));
    float noise = fract(52.9829189 * fract(dot(floor(gl_FragCoord.xy) + first_px, vec2(0.06711056, 0.00583715))));
    color = vec4(result + (noise - 0.5) / 255.0, 1.0);
}
