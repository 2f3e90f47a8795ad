// Bands above the horizon.
#include "grain.glsl"
in vec3 ground;
out vec4 color;
void main() {
    color = vec4(ground + grain(), 1.0);
}
