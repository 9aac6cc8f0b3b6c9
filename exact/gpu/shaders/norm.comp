#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "wide.glsl"

// The residual stream of a column: it begins (BEGIN) or is added to, is normalized, and becomes the
// input of a product, for LAST that of the logits.
layout(local_size_x = 64) in;

const uint BEGIN = 1, LAST = 2;

shared int normalized[WIDTH];
shared uvec2 squareShares[64];

uvec2 square(int v) {
	uint high, low;
	umulExtended(uint(abs(v)), uint(abs(v)), high, low);
	return uvec2(low >> 8 | high << 24, high >> 8);
}

void main() {
	uint column = gl_WorkGroupID.x, t = gl_LocalInvocationID.x;
	uvec4 c = columns[column];
	if (c.x == NONE) return;
	Rescaling r;
	if ((mode & BEGIN) == 0) r = rescalingTo(times(unitOf(column), matrixUnit()), 14);
	uvec2 squares = uvec2(0);
	uint most = 0;
	for (uint i = t; i < WIDTH; i += 64) {
		int x;
		if ((mode & BEGIN) != 0) {
			x = int(weights[table + c.z * WIDTH + i]);
		} else {
			x = residual[column * WIDTH + i] + rescale(r, sums[column * rows + i], weights[factors + i]);
			x = clamp(x, -0x3fffffff, 0x3fffffff);
		}
		residual[column * WIDTH + i] = x;
		squares = add64(squares, square(x));
		int y = mulShift(x, signedHalf(normed, i), 14);
		normalized[i] = y;
		most = max(most, uint(abs(y)));
	}
	uint at = column, unitAt = column;
	if ((mode & LAST) != 0) {
		if (c.w == NONE) return;
		at = c.w;
		unitAt = c.w;
	}
	squareShares[t] = squares;
	most = mostOf(most);
	Quantizing q = quantizing(most);
	for (uint i = t; i < WIDTH / 4; i += 64) {
		ivec4 v = ivec4(normalized[4 * i], normalized[4 * i + 1], normalized[4 * i + 2], normalized[4 * i + 3]);
		inputs[from + at * (WIDTH / 4) + i] = quantize(q, v);
	}
	for (uint n = 32; n > 0; n /= 2) {
		if (t < n) squareShares[t] = add64(squareShares[t], squareShares[t + n]);
		barrier();
	}
	if (t != 0) return;
	uvec2 mean = add64(divide64(squareShares[0], WIDTH), uvec2(epsilonLow, epsilonHigh));
	if (mean == uvec2(0)) mean = uvec2(1, 0);
	Scale u = scaleOfQuantized(q);
	u.e += normE;
	u = times(u, rsqrt(mean));
	units[fromUnit + unitAt] = ivec2(u.m, u.e);
}
