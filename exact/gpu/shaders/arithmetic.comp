#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "wide.glsl"

// For tests: functions of four numbers each, whose results are four.
layout(local_size_x = 64) in;

void main() {
	uint at = 4 * gl_GlobalInvocationID.x;
	uint a = inputs[at], b = inputs[at + 1], c = inputs[at + 2], d = inputs[at + 3];
	uvec4 r = uvec4(0);
	Scale s;
	switch (mode) {
	case 0:
		s = rsqrt(uvec2(a, b));
		r = uvec4(s.m, s.e, 0, 0);
		break;
	case 1:
		s = inverse(a, int(b));
		r = uvec4(s.m, s.e, fixed24(s), 0);
		break;
	case 2:
		r = uvec4(mulShift(int(a), int(b), int(c)), 0, 0, 0);
		break;
	case 3:
		r.xy = divide64(uvec2(a, b), c);
		break;
	case 4:
		Rescaling by = rescalingTo(Scale(c, int(d)), 14);
		r = uvec4(rescale(by, int(a), b), by.drop, by.shift, by.limit);
		break;
	case 5:
		Quantizing q = quantizing(a);
		s = scaleOfQuantized(q);
		r = uvec4(quantize(q, ivec4(a, b, c, d)), s.m, s.e, 0);
		break;
	case 6:
		s = times(Scale(a, int(b)), Scale(c, int(d)));
		r = uvec4(s.m, s.e, 0, 0);
		break;
	}
	for (int i = 0; i < 4; i++) sums[at + i] = int(r[i]);
}
