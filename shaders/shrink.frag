// A quarter of the size: mean of 4 x 4 pixels by four bilinear taps, keeping what is brighter than a soft threshold.
uniform sampler2D image;
uniform vec2 pixel;  // of the source, in texture units
uniform float threshold;
in vec2 uv;
out vec4 color;
void main() {
    vec3 sum = texture(image, uv + pixel * vec2(-1.0, -1.0)).rgb + texture(image, uv + pixel * vec2(1.0, -1.0)).rgb
             + texture(image, uv + pixel * vec2(-1.0, 1.0)).rgb + texture(image, uv + pixel * vec2(1.0, 1.0)).rgb;
    sum *= 0.25;
    float peak = max(sum.r, max(sum.g, sum.b));
    color = vec4(sum * smoothstep(0.3 * threshold, 1.4 * threshold + 1e-4, peak), 1.0);
}
