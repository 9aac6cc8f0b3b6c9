#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// The queries, keys and values of a column: rescaled, turned by the angles of its position, and
// quantized. Keys and values go into the cache of its lane.
layout(local_size_x = 128) in;

#include "cache.glsl"

shared uint greatest[128];

// mostOfHead is the greatest value of the threads of a head.
uint mostOfHead(uint t, uint v) {
	barrier();
	greatest[t] = v;
	barrier();
	uint first = t / (HEAD / 4) * (HEAD / 4);
	for (uint i = 0; i < HEAD / 4; i++) v = max(v, greatest[first + i]);
	return v;
}

void main() {
	uint column = gl_WorkGroupID.x, t = gl_LocalInvocationID.x;
	uvec4 c = columns[column];
	if (c.x == NONE) return;
	Rescaling r = rescalingTo(times(unitOf(column), matrixUnit()), 14);
	uint words = (HEADS + 2 * KV_HEADS) * (HEAD / 4);
	for (uint base = 0; base < words; base += 128) {
		uint word = base + t, head = word / (HEAD / 4), part = word % (HEAD / 4);
		ivec4 v = ivec4(0);
		if (word < words) {
			[[unroll]] for (uint i = 0; i < 4; i++) v[i] = rescale(r, sums[column * rows + 4 * word + i], weights[factors + 4 * word + i]);
		}
		uint most = mostOfHead(t, most4(v));
		int e = -14;
		bool turned = head < HEADS + KV_HEADS;
		if (turned && word < words) {
			int s = narrowShift(most);
			[[unroll]] for (uint i = 0; i < 4; i += 2) {
				uint at = (c.y * HEAD + 4 * part + i) / 2;
				int angle = int(weights[table + at]);
				int cosine = bitfieldExtract(angle, 0, 16), sine = angle >> 16;
				int a = narrow(v[i], s), b = narrow(v[i + 1], s);
				v[i] = a * cosine - b * sine;
				v[i + 1] = a * sine + b * cosine;
			}
			e = s - 29;
		}
		uint mostTurned = mostOfHead(t, most4(v));
		if (word >= words) continue;
		Quantizing q = quantizing(mostTurned);
		uint packed = quantize(q, v);
		Scale u = scaleOfQuantized(q);
		u.e += e;
		if (head < HEADS) {
			queries[column * (WIDTH / 4) + word] = packed;
			if (part == 0) steps[column * HEADS + head] = ivec2(u.m, u.e);
		} else if (turned) {
			uint h = head - HEADS;
			cache[keyAt(c.x, h, part, c.y)] = packed;
			if (part == 0) cache[keyStepAt(c.x, h, c.y)] = uint(fixed24(u));
		} else {
			uint h = head - HEADS - KV_HEADS;
			cache[valueAt(c.x, h, part, c.y)] = packed;
			if (part == 0) cache[valueStepAt(c.x, h, c.y)] = uint(fixed24(u));
		}
	}
}
