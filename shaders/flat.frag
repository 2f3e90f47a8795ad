in vec2 place;
flat in vec4 quad_tint;
flat in float soft;
out vec4 color;
void main() {
    vec2 inner = min(place, 1.0 - place) / max(soft, 1e-4);
    vec2 fade = soft > 0.0 ? smoothstep(0.0, 1.0, clamp(inner, 0.0, 1.0)) : vec2(1.0);
    color = vec4(quad_tint.rgb, quad_tint.a * fade.x * fade.y);
}
