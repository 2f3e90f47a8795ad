#include "box_corner.glsl"
// Opaque cubes of single weights. Positions are relative to the camera.
uniform mat4 clip_from_camera;
in vec3 lower, upper;
in vec4 tint;
out vec2 face_uv;
out float rise;
flat out int side;
flat out vec4 cube_tint;
void main() {
    int face = gl_VertexID / 6;
    face_uv = FACE_UV[gl_VertexID % 6];
    vec3 corner = face_corner(face, face_uv);
    rise = corner.y;
    side = face / 2;
    cube_tint = tint;
    bool shown = faces_camera(face, lower, upper);
    gl_Position = shown ? clip_from_camera * vec4(mix(lower, upper, corner), 1.0) : vec4(0.0, 0.0, 2.0, 1.0);
}
