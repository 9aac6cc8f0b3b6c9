#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "weigh.glsl"

// The weights of a block of a row: a column names the row and the block.
layout(local_size_x = 64) in;

void main() {
	uvec4 c = columns[gl_WorkGroupID.x];
	if (c.x == NONE) return;
	uint t = gl_LocalInvocationID.x, i = c.y * BLOCK + t;
	blocks[gl_WorkGroupID.x * BLOCK + t] = i < depth ? weightOf(units[fromUnit + c.x].x, logits[c.x * rows + i]) : 0;
}
