// Less than a step of 8 bits, by place: as fine as grain.glsl, with less work. Source: Roberts, "R2 sequence", 2018.
float dither() { return (fract(dot(gl_FragCoord.xy, vec2(0.7548777, 0.5698403))) - 0.5) / 255.0; }
