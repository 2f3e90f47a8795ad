#include "screen.glsl"
uniform mat3 world_from_eye;
uniform vec4 lens;  // clip_from_eye [0][0], [1][1], [0][2], [1][2]
out vec3 ray;
void main() {
    vec2 corner = screen_corner();
    gl_Position = vec4(corner, 0.0, 1.0);
    ray = world_from_eye * vec3((corner.x + lens.z) / lens.x, (corner.y + lens.w) / lens.y, -1.0);
}
