// The ruled floor and the grain of the surroundings.
uniform vec2 eye_xz;       // modulo the coarse step, so that far scenes keep their precision
uniform float floor_step, line_px;

float rule(vec2 place, float width_px) {
    vec2 width = fwidth(place);
    vec2 nearest = abs(fract(place - 0.5) - 0.5) / max(width, vec2(1e-6));
    vec2 strength = clamp(0.5 * width_px + 0.5 - nearest, 0.0, 1.0) * clamp(1.0 - 2.2 * width * max(line_px, 1.0), 0.0, 1.0);
    return max(strength.x, strength.y);
}

float rules(vec2 from_eye) {
    vec2 hit = eye_xz + from_eye;
    float minor = rule(hit / floor_step, line_px);
    float major = rule(hit / (8.0 * floor_step), 1.2 * line_px);
    return max(0.28 * minor, 0.55 * major);
}
