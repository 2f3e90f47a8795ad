in vec3 place;
flat in vec3 normal;
flat in vec4 face_tint;
in float rise;
out vec4 color;
void main() {
    float facing = abs(dot(normalize(place), normal));
    float aside = 1.0 - facing;
    float fresnel = 0.35 + 1.9 * aside * aside * aside;
    color = vec4(face_tint.rgb, clamp(face_tint.a * fresnel * mix(1.25, 0.75, rise), 0.0, 1.0));
}
