#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "dot.glsl"

// A product: of each column the sums for 64 rows of the matrix. With mode LOGITS the sums become
// logits. A thread has four rows, and columns by fours, so that it reads what is shared by 16 bytes.
layout(local_size_x = 16, local_size_y_id = 6) in;

layout(constant_id = 7) const uint COLUMN_FOURS = 1; // of a thread

layout(std430, binding = 0) readonly buffer Weights4 { uvec4 weights4[]; };
layout(std430, binding = 3) readonly buffer Inputs4 { uvec4 inputs4[]; };
layout(std430, binding = 5) writeonly buffer Sums4 { ivec4 sums4[]; };
layout(std430, binding = 9) writeonly buffer Logits4 { ivec4 logits4[]; };

const uint LOGITS = 1;
const uint TILE = 8; // words of the depth at once
const uint ROWS = 16; // fours
const uint COLUMNS = gl_WorkGroupSize.y * COLUMN_FOURS; // fours
const uint THREADS = 16 * gl_WorkGroupSize.y;
const uint W_EACH = (TILE * ROWS + THREADS - 1) / THREADS;
const uint X_EACH = (2 * 4 * COLUMNS + THREADS - 1) / THREADS;
const uint PITCH = COLUMNS + 1; // so that both halves of a column's words are in other banks

shared uvec4 tileW[TILE * ROWS];
shared uvec4 tileX[TILE * PITCH];

uvec4 nextW[W_EACH], nextX[X_EACH];

// ask reads the tile of the depth from k on.
void ask(uint k, uint row, uint column, uint t) {
	[[unroll]] for (uint i = 0; i < W_EACH; i++) {
		uint at = i * THREADS + t;
		if (at < TILE * ROWS) nextW[i] = weights4[(matrix + (k + at / ROWS) * rows) / 4 + row + at % ROWS];
	}
	[[unroll]] for (uint i = 0; i < X_EACH; i++) {
		uint at = i * THREADS + t, word = k + at % 2 * 4;
		nextX[i] = uvec4(0);
		if (at < 8 * COLUMNS && word < depth) {
			uint first = from + (4 * column + at / 2) * depth + word;
			if (depth % 4 == 0) {
				nextX[i] = inputs4[first / 4];
			} else {
				[[unroll]] for (uint j = 0; j < 4; j++) if (word + j < depth) nextX[i][j] = inputs[first + j];
			}
		}
	}
}

void main() {
	uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y, t = gl_LocalInvocationIndex;
	uint row = gl_WorkGroupID.x * ROWS, column = gl_WorkGroupID.y * COLUMNS;
	ivec4 sum[4 * COLUMN_FOURS];
	[[unroll]] for (uint i = 0; i < 4 * COLUMN_FOURS; i++) sum[i] = ivec4(0);
	ask(0, row, column, t);
	for (uint k = 0; k < depth; k += TILE) {
		barrier();
		[[unroll]] for (uint i = 0; i < W_EACH; i++) {
			uint at = i * THREADS + t;
			if (at < TILE * ROWS) tileW[at] = nextW[i];
		}
		[[unroll]] for (uint i = 0; i < X_EACH; i++) {
			uint at = i * THREADS + t;
			if (at < 8 * COLUMNS) {
				[[unroll]] for (uint j = 0; j < 4; j++) tileX[(at % 2 * 4 + j) * PITCH + at / 8][at / 2 % 4] = nextX[i][j];
			}
		}
		barrier();
		if (k + TILE < depth) ask(k + TILE, row, column, t);
		[[unroll]] for (uint i = 0; i < TILE; i++) {
			uvec4 w = tileW[i * ROWS + x], v[COLUMN_FOURS];
			[[unroll]] for (uint j = 0; j < COLUMN_FOURS; j++) v[j] = tileX[i * PITCH + j * gl_WorkGroupSize.y + y];
			[[unroll]] for (uint b = 0; b < 4 * COLUMN_FOURS; b++) {
				[[unroll]] for (uint a = 0; a < 4; a++) sum[b][a] = dotAdd(w[a], v[b / 4][b % 4], sum[b][a]);
			}
		}
	}
	[[unroll]] for (uint b = 0; b < 4 * COLUMN_FOURS; b++) {
		uint c = 4 * (column + b / 4 * gl_WorkGroupSize.y + y) + b % 4, at = c * rows / 4 + row + x;
		if (mode != LOGITS) {
			sums4[at] = sum[b];
			continue;
		}
		Rescaling r = rescalingTo(times(times(unitOf(fromUnit + c), matrixUnit()), Scale(47274, -15)), 11);
		uvec4 f = weights4[factors / 4 + row + x];
		[[unroll]] for (uint a = 0; a < 4; a++) sum[b][a] = rescale(r, sum[b][a], f[a]);
		logits4[at] = sum[b];
	}
}
