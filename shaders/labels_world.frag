// Filters by hand: counted from the glyph's own corner, the same glyph gives the same bits wherever it lies in the atlas.
uniform sampler2D fields;
uniform float spread;  // texels
uniform int atlas_width;  // texels of the finest level; coarser ones lie to the right of it
in vec2 at;
flat in vec2 origin;
flat in vec4 ink;
out vec4 color;

float field(ivec2 texel, int level) {
    return texelFetch(fields, max(texel, 0) + ivec2(2 * atlas_width - (2 * atlas_width >> level), 0), 0).r;
}

void main() {
    mat2 texels_from_pixel = mat2(dFdx(at), dFdy(at));
    // The finer direction chooses the level: text seen at a flat angle stays sharp across.
    float step_texels = min(length(texels_from_pixel[0]), length(texels_from_pixel[1]));
    int level = clamp(int(log2(max(step_texels, 1.0))), 0, 3);
    vec2 place = at / exp2(float(level)) - 0.5;
    vec2 part = fract(place);
    ivec2 texel = ivec2(floor(place)) + (ivec2(origin) >> level);
    float a = field(texel, level), b = field(texel + ivec2(1, 0), level);
    float c = field(texel + ivec2(0, 1), level), d = field(texel + ivec2(1, 1), level);
    float inside = (mix(mix(a, b, part.x), mix(c, d, part.x), part.y) * 255.0 - 128.0) * spread / 127.5;
    vec2 slope = vec2(mix(b - a, d - c, part.y), mix(c - a, d - b, part.x));
    vec2 normal = length(slope) > 1e-4 ? normalize(slope) : vec2(0.7071);
    // Texels that one pixel spans across the outline; beyond the field's reach the ground would light up.
    float width = min(length(normal * texels_from_pixel), 1.8 * spread);
    color = vec4(ink.rgb, ink.a * clamp(inside / max(width, 1e-4) + 0.5, 0.0, 1.0));
}
