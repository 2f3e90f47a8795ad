// How light of samples is scaled and weighted, with integers, as in engine/rasterize/definition.py.
const int PHASES = 16, MARGIN = 64, GAIN = 16384, FAR = 1 << 30;
layout(std430, binding = 6) readonly buffer Tables { uint tables[]; };  // how sprites look, bytes but halves and factors

uint byte_of(uint word, int k) { return bitfieldExtract(word, k << 3, 8); }

uint whole_of(float factor) {
    precise float whole = min(factor, 1.0) * float(GAIN) + 0.5;
    return uint(whole);
}

uvec3 scaled(uvec3 light, uint whole) { return light * whole + uint(GAIN / 2) >> 14; }

uvec3 weighted(uvec3 light, uint weight) { return light * weight + 64u >> 7; }

// 1/PHASES px from MARGIN before the picture.
ivec2 center_of(vec3 place, float inverse) {
    precise vec2 at = (place.xy * inverse) * float(PHASES) + float(MARGIN * PHASES);
    vec2 end = vec2(float((width + 2 * MARGIN) * PHASES - 1), float((height + 2 * MARGIN) * PHASES - 1));
    return ivec2(min(max(at, vec2(0.0)), end));
}

ivec2 pixel_of(ivec2 center) { return (center >> 4) - MARGIN; }
