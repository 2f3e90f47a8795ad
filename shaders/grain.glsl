// Less than a step of 8 bits, by place: without it smooth colors have edges.
uniform vec2 first_px;  // of the picture, where the framebuffer holds a part of it

float grain() {
    float noise = fract(52.9829189 * fract(dot(floor(gl_FragCoord.xy) + first_px, vec2(0.06711056, 0.00583715))));
    return (noise - 0.5) / 255.0;
}
