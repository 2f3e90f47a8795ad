in float across;
in float density;
flat in float half_width;
flat in vec4 line_tint;
uniform bool glow;
out vec4 color;
void main() {
    float edge = abs(across) * gl_FragCoord.w;
    float cover = glow ? exp(-3.0 * edge * edge / max(half_width * half_width, 1e-6)) : clamp(half_width + 0.5 - edge, 0.0, 1.0);
    color = vec4(line_tint.rgb, line_tint.a * cover * density);
}
