// Numbers of 64 bits, the low word first.

uvec2 add64(uvec2 a, uvec2 b) {
	uint carry, low = uaddCarry(a.x, b.x, carry);
	return uvec2(low, a.y + b.y + carry);
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

// divide64 is x / y, by digits of 16 bits, for y below 2^16.
uvec2 divide64(uvec2 x, uint y) {
	uvec4 digits = uvec4(x.y >> 16, x.y & 0xffffu, x.x >> 16, x.x & 0xffffu);
	uint rest = 0;
	for (int i = 0; i < 4; i++) {
		uint d = rest << 16 | digits[i];
		digits[i] = d / y;
		rest = d % y;
	}
	return uvec2(digits.z << 16 | digits.w, digits.x << 16 | digits.y);
}
