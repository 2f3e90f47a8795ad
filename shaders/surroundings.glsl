// Colors of sky and floor by e, the rise of a view ray of length 1.
uniform vec3 zenith, sky, horizon, floor_color, grid_color;
uniform float haze, horizon_line, fade_distance;

vec3 sky_color(float e) {
    vec3 above = mix(sky, zenith, smoothstep(0.0, 0.55, e));
    return mix(above, horizon, exp(-haze * abs(e)));
}

vec3 floor_ground(float e) { return mix(floor_color, horizon, exp(1.3 * haze * min(e, 0.0))); }

vec3 horizon_light(float e) { return grid_color * horizon_line * exp(-150.0 * abs(e)); }

float floor_fade(float distance) { return exp(-distance / fade_distance); }
