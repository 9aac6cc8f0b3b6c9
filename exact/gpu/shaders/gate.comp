#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// SiLU of a column's gate times up, as the input of a product.
layout(local_size_x = 128) in;

const uint THREADS = 128;

shared int gates[INNER];
shared int ups[INNER];

int sigmoid(int v) {
	uint i = min(uint(abs(v)) >> 6, 4095u);
	int s = int(bitfieldExtract(weights[table + i / 2], int(16 * (i & 1)), 16));
	return v < 0 ? (1 << 15) - s : s;
}

void main() {
	uint column = gl_WorkGroupID.x, t = gl_LocalInvocationID.x;
	if (columns[column].x == NONE) return;
	Rescaling r = rescalingTo(times(unitOf(column), matrixUnit()), 14);
	uint mostGate = 0, mostUp = 0;
	for (uint i = t; i < INNER; i += THREADS) {
		int g = rescale(r, sums[column * rows + i], weights[factors + i]);
		int u = rescale(r, sums[column * rows + INNER + i], weights[factors + INNER + i]);
		gates[i] = g;
		ups[i] = u;
		mostGate = max(mostGate, uint(abs(g)));
		mostUp = max(mostUp, uint(abs(u)));
	}
	int gs = narrowShift(mostOf(mostGate)), us = narrowShift(mostOf(mostUp));
	uint most = 0;
	for (uint i = t; i < INNER; i += THREADS) {
		int y = mulRound(narrow(gates[i], gs), sigmoid(gates[i])) * narrow(ups[i], us);
		gates[i] = y;
		most = max(most, uint(abs(y)));
	}
	Quantizing q = quantizing(mostOf(most));
	for (uint i = t; i < INNER / 4; i += THREADS) {
		ivec4 v = ivec4(gates[4 * i], gates[4 * i + 1], gates[4 * i + 2], gates[4 * i + 3]);
		inputs[column * (INNER / 4) + i] = quantize(q, v);
	}
	if (t == 0) {
		Scale u = scaleOfQuantized(q);
		units[column] = ivec2(u.m, u.e + gs + us - 28);
	}
}
