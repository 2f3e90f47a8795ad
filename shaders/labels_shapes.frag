in vec2 from_middle;
in float along;
flat in vec4 left_tint, right_tint;
flat in vec2 half_size, form;
flat in int figure;  // index in GLYPHS of engine/scene.py
out vec4 color;

float overlap(float place, float half_length) {
    return clamp(half_length + 0.5 - abs(place), 0.0, min(1.0, 2.0 * half_length));
}

float triangle(float across, float ahead, float radius) {
    float reach = 1.15 * radius;
    ahead += 0.25 * reach;
    return max(0.866 * abs(across) + 0.5 * ahead, -ahead) - 0.5 * reach;
}

// Distance in px from the outline of a glyph as large as a disc of this radius; negative inside.
float outside_glyph(vec2 place, float radius) {
    vec2 side = abs(place);
    if (figure == 1) return length(place) - 0.92 * radius;
    if (figure == 2) return abs(length(place) - 0.74 * radius) - 0.22 * radius;
    if (figure == 3) return max(side.x, side.y) - 0.82 * radius;
    if (figure == 4) return abs(max(side.x, side.y) - 0.68 * radius) - 0.20 * radius;
    if (figure == 5) return 0.707 * (side.x + side.y - 1.1 * radius);
    if (figure == 6) return triangle(place.x, -place.y, radius);
    if (figure == 7) return triangle(place.x, place.y, radius);
    if (figure == 8) return triangle(place.y, place.x, radius);
    if (figure == 9) return max(max(side.x, side.y) - 0.95 * radius, min(side.x, side.y) - 0.27 * radius);
    if (figure == 10) return max(side.x - 0.9 * radius, abs(side.y - 0.48 * radius) - 0.25 * radius);
    return length(place) - 0.5 * radius;
}

void main() {
    float radius = form.x, softness = form.y;
    vec2 past = abs(from_middle) - half_size + radius;
    float outside = length(max(past, 0.0)) + min(max(past.x, past.y), 0.0) - radius;
    float cover;
    if (figure > 0) cover = clamp(0.5 - outside_glyph(from_middle, min(half_size.x, half_size.y)), 0.0, 1.0);
    else if (softness > 0.0) cover = 1.0 - smoothstep(-softness, softness, outside);
    else if (radius > 0.0) cover = clamp(0.5 - outside, 0.0, 1.0);
    else cover = overlap(from_middle.x, half_size.x) * overlap(from_middle.y, half_size.y);
    vec4 tint = mix(left_tint, right_tint, clamp(along, 0.0, 1.0));
    color = vec4(tint.rgb, tint.a * cover);
}
