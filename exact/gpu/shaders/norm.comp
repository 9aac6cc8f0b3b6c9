#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// The residual stream of a column: it begins (BEGIN) or is added to, is normalized, and becomes the
// input of a product, for LAST that of the logits.
layout(local_size_x = 64) in;

const uint BEGIN = 1, LAST = 2;

shared int normalized[1040];
shared uvec2 squareShares[64];

uvec2 add64(uvec2 a, uvec2 b) {
	uint carry, low = uaddCarry(a.x, b.x, carry);
	return uvec2(low, a.y + b.y + carry);
}

uvec2 square(int v) {
	uint high, low;
	umulExtended(uint(abs(v)), uint(abs(v)), high, low);
	return uvec2(low >> 8 | high << 24, high >> 8);
}

// rsqrt is rsqrt(x, 20): x by the square root of Zimmermann (Karatsuba Square Root, 1999).
Scale rsqrt(uvec2 x) {
	int n = (x.y != 0 ? 31 - findMSB(x.y) : 63 - findMSB(x.x)) & ~1;
	if (n >= 32) x = uvec2(0, x.x << (n - 32));
	else if (n > 0) x = uvec2(x.x << n, x.y << n | x.x >> (32 - n));
	uint s = 0; // root of the high word, 16 bits
	for (uint bit = 1u << 15; bit != 0; bit >>= 1) {
		if ((s | bit) * (s | bit) <= x.y) s |= bit;
	}
	uint rest = x.y - s * s, q = (rest << 15 | x.x >> 17) / s;
	rest = (rest << 16 | x.x >> 16) - 2 * q * s;
	uint root = (s << 16) + q, high, low;
	umulExtended(q, q, high, low);
	uint above = rest >> 16, below = rest << 16 | (x.x & 0xffffu);
	if (above < high || above == high && below < low) root--;
	int e = (n + 20) / 2 - 63;
	if (root == 1u << 31) return Scale(1u << 15, e + 17);
	uint m = (1u << 31) / ((root >> 16) + 1); // 2^47 / root, or up to 3 less
	for (;;) {
		umulExtended(m + 1, root, high, low);
		if (high > 1u << 15 || high == 1u << 15 && low > 0) return Scale(m, e + 16);
		m++;
	}
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
	// The mean, by digits of 16 bits, plus epsilon.
	squares = squareShares[0];
	uvec4 digits = uvec4(squares.y >> 16, squares.y & 0xffffu, squares.x >> 16, squares.x & 0xffffu);
	uint rest = 0;
	for (int i = 0; i < 4; i++) {
		uint d = rest << 16 | digits[i];
		digits[i] = d / WIDTH;
		rest = d % WIDTH;
	}
	uvec2 mean = add64(uvec2(digits.z << 16 | digits.w, digits.x << 16 | digits.y), uvec2(epsilonLow, epsilonHigh));
	if (mean == uvec2(0)) mean = uvec2(1, 0);
	Scale u = scaleOfQuantized(q);
	u.e += normE;
	u = times(u, rsqrt(mean));
	units[fromUnit + unitAt] = ivec2(u.m, u.e);
}
