// A texture over the whole viewport; blending decides whether it adds or multiplies.
uniform sampler2D image;
uniform float strength;
in vec2 uv;
out vec4 color;
void main() {
    color = vec4(texture(image, uv).rgb * strength, 1.0);
}
