#include "segment.glsl"
#include "box_corner.glsl"
// The twelve edges of boxes, six vertices each: front edges touch a face that the camera sees, back edges do not.
uniform bool front;
in vec3 lower, upper;
in vec4 edge;
in float width_px;
out float across;
out float density;
flat out float half_width;
flat out vec4 line_tint;
const int STRIP[6] = int[6](0, 1, 2, 2, 1, 3);
void main() {
    int axis = gl_VertexID / 24;
    int b = (axis + 1) % 3;
    int c = (axis + 2) % 3;
    ivec2 side = ivec2((gl_VertexID / 6) & 1, (gl_VertexID / 12) & 1);
    int vertex = STRIP[gl_VertexID % 6];
    vec3 start = lower;
    start[b] = side.x == 0 ? lower[b] : upper[b];
    start[c] = side.y == 0 ? lower[c] : upper[c];
    vec3 end = start;
    end[axis] = upper[axis];
    bool seen = faces_camera(2 * b + side.x, lower, upper) || faces_camera(2 * c + side.y, lower, upper);
    line_tint = front ? edge : vec4(edge.rgb, 0.55 * edge.a);
    half_width = 0.5 * width_px;
    density = 1.0;
    gl_Position = seen == front ? segment_corner(start, end, half_width + 1.0, vertex) : vec4(0.0, 0.0, 2.0, 1.0);
    across = ((vertex & 1) == 0 ? -1.0 : 1.0) * (half_width + 1.0) * gl_Position.w;
}
