uniform sampler2D glyphs;
in vec2 at;
flat in vec4 ink;
out vec4 color;
void main() {
    color = vec4(ink.rgb, ink.a * texelFetch(glyphs, ivec2(at), 0).r);
}
