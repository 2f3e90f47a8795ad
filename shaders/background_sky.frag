// Bands above the horizon.
#include "dither.glsl"
in vec3 ground;
out vec4 color;
void main() {
    color = vec4(ground + dither(), 1.0);
}
