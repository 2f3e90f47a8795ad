in vec2 face_uv;
in float rise;
flat in int side;
flat in vec4 cube_tint;
out vec4 color;
void main() {
    vec2 border = min(face_uv, 1.0 - face_uv);
    vec2 width = fwidth(face_uv);
    float inner = clamp(min((border.x - 0.05) / max(width.x, 1e-5), (border.y - 0.05) / max(width.y, 1e-5)) + 0.5, 0.0, 1.0);
    vec3 shade = cube_tint.rgb;
    if (side == 1) shade = mix(shade * 1.18 + 0.04, shade * 0.86, inner);
    else shade *= mix(0.34, 0.62, rise) * (side == 0 ? 0.86 : 1.0);
    color = vec4(shade, 1.0) * cube_tint.a;
}
