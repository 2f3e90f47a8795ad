// One axis of a Gaussian blur, 9 taps as 5 bilinear ones.
uniform sampler2D image;
uniform vec2 pixel;  // step along the axis, in texture units
in vec2 uv;
out vec4 color;
void main() {
    vec3 sum = texture(image, uv).rgb * 0.2270270;
    sum += (texture(image, uv + pixel * 1.3846154).rgb + texture(image, uv - pixel * 1.3846154).rgb) * 0.3162162;
    sum += (texture(image, uv + pixel * 3.2307692).rgb + texture(image, uv - pixel * 3.2307692).rgb) * 0.0702703;
    color = vec4(sum, 1.0);
}
