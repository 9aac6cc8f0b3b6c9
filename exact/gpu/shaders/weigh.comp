#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_vote : require
#include "common.glsl"
#include "weigh.glsl"

// The sums of the weights of each block of a row of logits. The greatest logit is left in units.
layout(local_size_x = 128) in;

const uint THREADS = 128;
const uint TOGETHER = 128; // blocks

shared uint lows[TOGETHER], highs[TOGETHER]; // sums of halves of weights

void main() {
	uint row = gl_WorkGroupID.x, t = gl_LocalInvocationID.x, count = (depth + BLOCK - 1) / BLOCK;
	int top = int(0x80000000u);
	for (uint i = t; i < depth; i += THREADS) top = max(top, logits[row * rows + i]);
	top = int(mostOf(uint(top) ^ 0x80000000u) ^ 0x80000000u);
	if (t == 0) units[fromUnit + row] = ivec2(top, 0);
	for (uint first = 0; first < count; first += TOGETHER) {
		for (uint b = t; b < TOGETHER; b += THREADS) {
			lows[b] = 0;
			highs[b] = 0;
		}
		barrier();
		uint last = min(first + TOGETHER, count);
		for (uint base = first * BLOCK; base < last * BLOCK; base += THREADS) {
			uint i = base + t, b = min(i / BLOCK - first, TOGETHER - 1);
			uint w = i < depth ? weightOf(top, logits[row * rows + i]) : 0;
			uint low = w & 0xffffu, high = w >> 16;
			if (subgroupAllEqual(b)) {
				low = subgroupAdd(low);
				high = subgroupAdd(high);
				if (!subgroupElect()) low = high = 0;
			}
			if ((low | high) != 0) {
				atomicAdd(lows[b], low);
				atomicAdd(highs[b], high);
			}
		}
		barrier();
		for (uint b = first + t; b < last; b += THREADS) {
			uint carry, low = uaddCarry(lows[b - first], highs[b - first] << 16, carry);
			blocks[2 * (row * count + b)] = low;
			blocks[2 * (row * count + b) + 1] = (highs[b - first] >> 16) + carry;
		}
		barrier();
	}
}
