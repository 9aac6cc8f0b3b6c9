#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "cache.glsl"
#include "dot.glsl"

// What a column attends to: of each head the values of all positions up to its own, weighted by the
// softmax of their keys' products with the query. Heads that share keys and values go together, as
// many as fit.
layout(local_size_x = 128) in;

layout(constant_id = 9) const uint TOGETHER = 1; // heads, 4 at most

const uint THREADS = 128;
const uint GROUP = HEADS / KV_HEADS;
const uint WORDS = HEAD / 4;
const uint SLICES = THREADS / WORDS; // of the positions, when values are summed up

shared int weighted[TOGETHER * WINDOW]; // scores, then weights
shared uint asked[TOGETHER * WORDS];
shared int attended[WIDTH];
shared int sliced[THREADS * 4];
shared int totals[128];

int topOf(int v) {
	// In the order of unsigned numbers.
	return int(mostOf(uint(v) ^ 0x80000000u) ^ 0x80000000u);
}

int totalOf(int v) {
	v = subgroupAdd(v);
	barrier();
	if (subgroupElect()) totals[gl_SubgroupID] = v;
	barrier();
	v = totals[0];
	for (uint i = 1; i < gl_NumSubgroups; i++) v += totals[i];
	return v;
}

int shiftStep(int v, int shift) { return shift < 0 ? v << -shift : v >> shift; }

int exp2(int t) {
	int f = (t & 2047) << 4;
	int p = mulRound(f, -1290);
	p = mulRound(f, 7560 + p);
	p = mulRound(f, -22654 + p);
	return (32767 + p) >> (1 + (t >> 11));
}

Scale inverseRoot() {
	int n = findMSB(HEAD);
	return (n & 1) == 0 ? Scale(1u << 15, -15 - n / 2) : Scale(46340, -16 - n / 2);
}

void main() {
	uint column = gl_WorkGroupID.x, t = gl_LocalInvocationID.x;
	uvec4 c = columns[column];
	if (c.x == NONE) return;
	uint n = c.y + 1, most = 0;
	for (uint kv = 0; kv < KV_HEADS; kv++) {
		uint keySteps = keyStepAt(c.x, kv, 0), valueSteps = valueStepAt(c.x, kv, 0);
		uint mostKey = 1, mostValue = 1;
		for (uint j = t; j < n; j += THREADS) {
			mostKey = max(mostKey, cache[keySteps + j]);
			mostValue = max(mostValue, cache[valueSteps + j]);
		}
		int keyShift = bitLength(mostOf(mostKey)) - 15, valueShift = bitLength(mostOf(mostValue)) - 15;

		for (uint first = 0; first < GROUP; first += TOGETHER) {
			uint count = min(TOGETHER, GROUP - first), head = kv * GROUP + first;
			ivec4 m, shift, top, total;
			[[unroll]] for (uint g = 0; g < TOGETHER; g++) {
				ivec2 step = steps[column * HEADS + head + min(g, count - 1)];
				Scale f = times(times(Scale(uint(step.x), step.y), Scale(47274, -15)), inverseRoot());
				m[g] = int(f.m >> 1);
				shift[g] = clamp(-(f.e + 1 + 5 + 15 + keyShift - 24 + 11), 0, 31);
				top[g] = int(0x80000000u);
				total[g] = 0;
			}
			barrier(); // of what is shared, before
			for (uint i = t; i < TOGETHER * WORDS; i += THREADS) {
				asked[i] = queries[column * (WIDTH / 4) + (head + min(i / WORDS, count - 1)) * WORDS + i % WORDS];
			}
			barrier();
			for (uint j = t; j < n; j += THREADS) {
				ivec4 dots = ivec4(0);
				int step = shiftStep(int(cache[keySteps + j]), keyShift);
				[[unroll]] for (uint w = 0; w < WORDS; w++) {
					uint key = cache[keyAt(c.x, kv, w, j)];
					[[unroll]] for (uint g = 0; g < TOGETHER; g++) dots[g] = dotAdd(asked[g * WORDS + w], key, dots[g]);
				}
				[[unroll]] for (uint g = 0; g < TOGETHER; g++) {
					int score = (((dots[g] + 16) >> 5) * mulRound(step, m[g])) >> shift[g];
					weighted[g * WINDOW + j] = score;
					top[g] = max(top[g], score);
				}
			}
			[[unroll]] for (uint g = 0; g < TOGETHER; g++) top[g] = topOf(top[g]);
			for (uint j = t; j < n; j += THREADS) {
				int step = shiftStep(int(cache[valueSteps + j]), valueShift);
				[[unroll]] for (uint g = 0; g < TOGETHER; g++) {
					int e = exp2(min(top[g] - weighted[g * WINDOW + j], 32767));
					total[g] += e;
					weighted[g * WINDOW + j] = mulRound(e, step);
				}
			}
			[[unroll]] for (uint g = 0; g < TOGETHER; g++) total[g] = totalOf(total[g]);
			barrier();

			ivec4 sum[4];
			[[unroll]] for (uint g = 0; g < TOGETHER; g++) sum[g] = ivec4(0);
			uint word = t % WORDS, slice = t / WORDS;
			for (uint j = slice; j < n; j += 4 * SLICES) {
				uint values[4]; // asked for together, since each takes long
				[[unroll]] for (uint i = 0; i < 4; i++) values[i] = cache[valueAt(c.x, kv, word, min(j + i * SLICES, n - 1))];
				[[unroll]] for (uint i = 0; i < 4; i++) {
					uint value = j + i * SLICES < n ? values[i] : 0, at = min(j + i * SLICES, n - 1);
					ivec4 v = ivec4(signedByte(value, 0), signedByte(value, 1), signedByte(value, 2), signedByte(value, 3));
					[[unroll]] for (uint g = 0; g < TOGETHER; g++) sum[g] += weighted[g * WINDOW + at] * v;
				}
			}
			[[unroll]] for (uint g = 0; g < TOGETHER; g++) {
				barrier();
				[[unroll]] for (uint i = 0; i < 4; i++) sliced[slice * HEAD + 4 * word + i] = sum[g][i];
				barrier();
				if (t < HEAD && g < count) {
					int o = 0;
					for (uint i = 0; i < SLICES; i++) o += sliced[i * HEAD + t];
					Scale r = inverse(uint(total[g]), 15 + valueShift - 24 + 14);
					o = mulShift(o, int(r.m >> max(0, -r.e - 32)), clamp(-r.e, 1, 32));
					attended[(head + g) * HEAD + t] = o;
					most = max(most, uint(abs(o)));
				}
			}
		}
	}
	Quantizing q = quantizing(mostOf(most));
	for (uint i = t; i < WIDTH / 4; i += THREADS) {
		ivec4 v = ivec4(attended[4 * i], attended[4 * i + 1], attended[4 * i + 2], attended[4 * i + 3]);
		inputs[column * (WIDTH / 4) + i] = quantize(q, v);
	}
	if (t == 0) {
		Scale u = scaleOfQuantized(q);
		units[column] = ivec2(u.m, u.e - 14);
	}
}
