in vec2 from_middle;
flat in float radius_px;
flat in vec4 point_tint;
out vec4 color;
void main() {
    float cover = clamp(radius_px + 0.5 - length(from_middle), 0.0, 1.0);
    if (cover <= 0.0) discard;
    color = vec4(point_tint.rgb, point_tint.a * cover);
}
