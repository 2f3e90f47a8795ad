// Corners of the six faces of a box: 36 vertices, face = gl_VertexID / 6, in the order -x +x -y +y -z +z.
const vec2 FACE_UV[6] = vec2[6](vec2(0, 0), vec2(1, 0), vec2(1, 1), vec2(0, 0), vec2(1, 1), vec2(0, 1));

vec3 face_corner(int face, vec2 uv) {
    float side = float(face % 2);
    int axis = face / 2;
    return axis == 0 ? vec3(side, uv.y, uv.x) : axis == 1 ? vec3(uv.x, side, uv.y) : vec3(uv, side);
}

// True when the camera, at the origin, sees the outside of the face.
bool faces_camera(int face, vec3 lower, vec3 upper) {
    int axis = face / 2;
    return face % 2 == 0 ? lower[axis] > 0.0 : upper[axis] < 0.0;
}
