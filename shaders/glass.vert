#include "box_corner.glsl"
// Translucent faces of boxes. Positions are relative to the camera.
uniform mat4 clip_from_camera;
uniform bool front;
in vec3 lower, upper;
in vec4 tint;
in vec2 shade;  // face alpha, selected
out vec3 place;
flat out vec3 normal;
flat out vec4 face_tint;
out float rise;
void main() {
    int face = gl_VertexID / 6;
    vec3 corner = face_corner(face, FACE_UV[gl_VertexID % 6]);
    place = mix(lower, upper, corner);
    normal = vec3(0.0);
    normal[face / 2] = 1.0;
    rise = corner.y;
    face_tint = vec4(tint.rgb, shade.x);
    bool shown = faces_camera(face, lower, upper) == front;
    gl_Position = shown ? clip_from_camera * vec4(place, 1.0) : vec4(0.0, 0.0, 2.0, 1.0);
}
