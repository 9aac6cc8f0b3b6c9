#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#include "common.glsl"

// A product, as matmul.comp, by units for products of matrices (VK_KHR_cooperative_matrix). Here
// matrix is row by row. A workgroup is four subgroups, two by two, each of which computes TALL by
// WIDE parts of M rows by N columns.
layout(local_size_x_id = 6) in;

layout(constant_id = 10) const uint M = 16;
layout(constant_id = 11) const uint N = 16;
layout(constant_id = 12) const uint K = 32;

const uint LOGITS = 1;
const uint TALL = 2, WIDE = 4;

shared int parts[4][M * N];

void main() {
	uint row = (gl_WorkGroupID.x * 2 + gl_SubgroupID % 2) * TALL * M;
	uint column = (gl_WorkGroupID.y * 2 + gl_SubgroupID / 2) * WIDE * N;
	coopmat<int, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> sum[TALL * WIDE];
	[[unroll]] for (uint i = 0; i < TALL; i++) [[unroll]] for (uint j = 0; j < WIDE; j++) {
		sum[i * WIDE + j] = coopmat<int, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>(0);
	}
	for (uint k = 0; k < depth; k += K / 4) {
		coopmat<int8_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> w[TALL];
		[[unroll]] for (uint i = 0; i < TALL; i++) {
			coopMatLoad(w[i], weights, matrix + (row + i * M) * depth + k, depth, gl_CooperativeMatrixLayoutRowMajor);
		}
		[[unroll]] for (uint j = 0; j < WIDE; j++) {
			coopmat<int8_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> x;
			coopMatLoad(x, inputs, from + (column + j * N) * depth + k, depth, gl_CooperativeMatrixLayoutColumnMajor);
			[[unroll]] for (uint i = 0; i < TALL; i++) sum[i * WIDE + j] = coopMatMulAdd(w[i], x, sum[i * WIDE + j]);
		}
	}
	if (mode != LOGITS) {
		[[unroll]] for (uint i = 0; i < TALL; i++) [[unroll]] for (uint j = 0; j < WIDE; j++) {
			coopMatStore(sum[i * WIDE + j], sums, (column + j * N) * rows + row + i * M, rows, gl_CooperativeMatrixLayoutColumnMajor);
		}
		return;
	}
	[[unroll]] for (uint j = 0; j < WIDE; j++) [[unroll]] for (uint i = 0; i < TALL; i++) {
		barrier();
		coopMatStore(sum[i * WIDE + j], parts[gl_SubgroupID], 0, M, gl_CooperativeMatrixLayoutColumnMajor);
		barrier();
		for (uint p = gl_SubgroupInvocationID; p < M * N; p += gl_SubgroupSize) {
			uint r = row + i * M + p % M, c = column + j * N + p / M;
			Rescaling s = rescalingTo(times(times(unitOf(fromUnit + c), matrixUnit()), Scale(47274, -15)), 11);
			logits[c * rows + r] = rescale(s, parts[gl_SubgroupID][p], weights[factors + r]);
		}
	}
}
