#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "dot.glsl"

// A product: of each column the sums for ROWS rows of the matrix. With mode LOGITS the sums become
// logits.
layout(local_size_x = 16, local_size_y_id = 6) in;

layout(constant_id = 7) const uint ROWS_EACH = 4;    // of a thread
layout(constant_id = 8) const uint COLUMNS_EACH = 4;

const uint LOGITS = 1;
const uint TILE = 8; // words of the depth at once
const uint ROWS = 16 * ROWS_EACH;
const uint COLUMNS = gl_WorkGroupSize.y * COLUMNS_EACH;
const uint THREADS = 16 * gl_WorkGroupSize.y;

shared uint tileW[TILE * ROWS];
shared uint tileX[TILE * (COLUMNS + 1)];

void main() {
	uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y, t = gl_LocalInvocationIndex;
	uint row = gl_WorkGroupID.x * ROWS, column = gl_WorkGroupID.y * COLUMNS;
	int sum[ROWS_EACH * COLUMNS_EACH];
	[[unroll]] for (uint i = 0; i < ROWS_EACH; i++) [[unroll]] for (uint j = 0; j < COLUMNS_EACH; j++) sum[i * COLUMNS_EACH + j] = 0;
	for (uint k = 0; k < depth; k += TILE) {
		for (uint i = t; i < TILE * ROWS; i += THREADS) {
			tileW[i] = weights[matrix + (k + i / ROWS) * rows + row + i % ROWS];
		}
		for (uint i = t; i < TILE * COLUMNS; i += THREADS) {
			uint at = k + i % TILE;
			tileX[i % TILE * (COLUMNS + 1) + i / TILE] = at < depth ? inputs[from + (column + i / TILE) * depth + at] : 0;
		}
		barrier();
		[[unroll]] for (uint i = 0; i < TILE; i++) {
			uint w[ROWS_EACH], v[COLUMNS_EACH];
			[[unroll]] for (uint j = 0; j < ROWS_EACH; j++) w[j] = tileW[i * ROWS + j * 16 + x];
			[[unroll]] for (uint j = 0; j < COLUMNS_EACH; j++) v[j] = tileX[i * (COLUMNS + 1) + j * gl_WorkGroupSize.y + y];
			[[unroll]] for (uint a = 0; a < ROWS_EACH; a++) [[unroll]] for (uint b = 0; b < COLUMNS_EACH; b++) {
				sum[a * COLUMNS_EACH + b] = dotAdd(w[a], v[b], sum[a * COLUMNS_EACH + b]);
			}
		}
		barrier();
	}
	[[unroll]] for (uint b = 0; b < COLUMNS_EACH; b++) {
		uint c = column + b * gl_WorkGroupSize.y + y;
		Rescaling r;
		if (mode == LOGITS) {
			r = rescalingTo(times(times(unitOf(fromUnit + c), matrixUnit()), Scale(47274, -15)), 11);
		}
		[[unroll]] for (uint a = 0; a < ROWS_EACH; a++) {
			uint at = row + a * 16 + x;
			if (mode == LOGITS) {
				logits[c * rows + at] = rescale(r, sum[a * COLUMNS_EACH + b], weights[factors + at]);
			} else {
				sums[c * rows + at] = sum[a * COLUMNS_EACH + b];
			}
		}
	}
}
