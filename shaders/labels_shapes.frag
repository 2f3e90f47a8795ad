in vec2 from_middle;
in float along;
flat in vec4 left_tint, right_tint;
flat in vec2 half_size, form;
out vec4 color;

float overlap(float place, float half_length) {
    return clamp(half_length + 0.5 - abs(place), 0.0, min(1.0, 2.0 * half_length));
}

void main() {
    float radius = form.x, softness = form.y;
    vec2 past = abs(from_middle) - half_size + radius;
    float outside = length(max(past, 0.0)) + min(max(past.x, past.y), 0.0) - radius;
    float cover;
    if (softness > 0.0) cover = 1.0 - smoothstep(-softness, softness, outside);
    else if (radius > 0.0) cover = clamp(0.5 - outside, 0.0, 1.0);
    else cover = overlap(from_middle.x, half_size.x) * overlap(from_middle.y, half_size.y);
    vec4 tint = mix(left_tint, right_tint, clamp(along, 0.0, 1.0));
    color = vec4(tint.rgb, tint.a * cover);
}
