#include "screen.glsl"
out vec2 uv;
void main() {
    vec2 corner = screen_corner();
    gl_Position = vec4(corner, 0.0, 1.0);
    uv = 0.5 * corner + 0.5;
}
