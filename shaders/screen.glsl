// One triangle over the whole viewport, from gl_VertexID.
vec2 screen_corner() {
    return vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
}
