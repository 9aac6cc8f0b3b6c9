#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "cache.glsl"
#include "dot.glsl"

// What a column attends to: of each head the values of all positions up to its own, weighted by the
// softmax of their keys' products with the query. Heads that share keys and values go together, as
// many as fit.
layout(local_size_x = 128) in;

layout(constant_id = 8) const uint TOGETHER = 1; // heads, 4 at most

const uint THREADS = 128;
const uint GROUP = HEADS / KV_HEADS;
const uint WORDS = HEAD / 4;
const uint SLICES = THREADS / WORDS; // of the positions, when values are summed up
const uint AT_ONCE = 2;              // fours of a slice's, since each takes long to arrive

const uint ROOM = WINDOW > 4 * THREADS ? WINDOW : 4 * THREADS;

// Of the heads that go together a number each.
shared ivec4 weighted[ROOM]; // products, then scores, then weights; then sums of slices
shared uint keySteps[WINDOW], valueSteps[WINDOW];
shared uvec4 asked[WORDS];
shared int attended[WIDTH];
shared ivec4 parts[32]; // of subgroups, which have 4 threads at least

ivec4 topOf(ivec4 v) {
	v = subgroupMax(v);
	barrier();
	if (subgroupElect()) parts[gl_SubgroupID] = v;
	barrier();
	v = parts[0];
	for (uint i = 1; i < gl_NumSubgroups; i++) v = max(v, parts[i]);
	return v;
}

ivec4 totalOf(ivec4 v) {
	v = subgroupAdd(v);
	barrier();
	if (subgroupElect()) parts[gl_SubgroupID] = v;
	barrier();
	v = parts[0];
	for (uint i = 1; i < gl_NumSubgroups; i++) v += parts[i];
	return v;
}

int shiftStep(int v, int shift) { return shift < 0 ? v << -shift : v >> shift; }

// transposed has the first byte of each word in the first, and so on.
uvec4 transposed(uvec4 v) {
	const uint even = 0x00ff00ffu;
	uvec2 a = v.xz & even | (v.yw & even) << 8, b = v.xz >> 8 & even | v.yw & ~even;
	return uvec4(a.x & 0xffffu | a.y << 16, b.x & 0xffffu | b.y << 16, a.x >> 16 | a.y & 0xffff0000u, b.x >> 16 | b.y & 0xffff0000u);
}

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
	for (uint head = 0; head < HEADS; head += min(TOGETHER, GROUP - head % GROUP)) {
		uint kv = head / GROUP, count = min(TOGETHER, GROUP - head % GROUP);
		uint keys = keyAt(c.x, kv, 0, 0), values = valueAt(c.x, kv, 0, 0);
		barrier(); // of what is shared, before
		for (uint i = t; i < TOGETHER * WORDS; i += THREADS) {
			asked[i % WORDS][i / WORDS] = queries[column * (WIDTH / 4) + (head + min(i / WORDS, count - 1)) * WORDS + i % WORDS];
		}
		barrier();
		ivec4 mosts = ivec4(1); // of the steps of keys and values
		for (uint j = t; j < n; j += THREADS) {
			uint key[WORDS]; // asked for together, since each takes long
			[[unroll]] for (uint w = 0; w < WORDS; w++) key[w] = cache[keys + w * WINDOW + j];
			uint keyStep = cache[keyStepAt(c.x, kv, j)], valueStep = cache[valueStepAt(c.x, kv, j)];
			ivec4 dots = ivec4(0);
			[[unroll]] for (uint w = 0; w < WORDS; w++) {
				uvec4 query = asked[w];
				[[unroll]] for (uint g = 0; g < TOGETHER; g++) dots[g] = dotAdd(query[g], key[w], dots[g]);
			}
			weighted[j] = dots;
			keySteps[j] = keyStep;
			valueSteps[j] = valueStep;
			mosts.xy = max(mosts.xy, ivec2(keyStep, valueStep));
		}
		mosts = topOf(mosts);
		int keyShift = bitLength(mosts.x) - 15, valueShift = bitLength(mosts.y) - 15;

		ivec4 m, shift, top = ivec4(0x80000000), total = ivec4(0);
		[[unroll]] for (uint g = 0; g < TOGETHER; g++) {
			ivec2 step = steps[column * HEADS + head + min(g, count - 1)];
			Scale f = times(times(Scale(uint(step.x), step.y), Scale(47274, -15)), inverseRoot());
			m[g] = int(f.m >> 1);
			shift[g] = clamp(-(f.e + 1 + 5 + 15 + keyShift - 24 + 11), 0, 31);
		}
		for (uint j = t; j < n; j += THREADS) {
			int step = shiftStep(int(keySteps[j]), keyShift);
			ivec4 scores = weighted[j];
			[[unroll]] for (uint g = 0; g < TOGETHER; g++) scores[g] = (((scores[g] + 16) >> 5) * mulRound(step, m[g])) >> shift[g];
			weighted[j] = scores;
			top = max(top, scores);
		}
		top = topOf(top);
		// Weights have 14 bits: they become two int8, of four positions that are quarter apart.
		uint quarter = (n + 3) / 4;
		for (uint q = t; q < quarter; q += THREADS) {
			uvec4 lows = uvec4(0), highs = uvec4(0);
			[[unroll]] for (uint i = 0; i < 4; i++) {
				uint j = q + i * quarter;
				if (j >= n) continue;
				int step = shiftStep(int(valueSteps[j]), valueShift);
				ivec4 scores = weighted[j];
				[[unroll]] for (uint g = 0; g < TOGETHER; g++) {
					int e = exp2(min(top[g] - scores[g], 32767));
					total[g] += e;
					int w = mulRound(e, step);
					lows[g] |= uint(w & 255) << (8 * i);
					highs[g] |= uint((w + 128) >> 8) << (8 * i);
				}
			}
			weighted[q] = ivec4(lows);
			weighted[q + quarter] = ivec4(highs);
		}
		total = totalOf(total);

		ivec4 low[4], high[4]; // sums of a word's bytes
		[[unroll]] for (uint i = 0; i < 4; i++) low[i] = high[i] = ivec4(0);
		uint word = t % WORDS, slice = t / WORDS;
		for (uint first = slice; first < quarter; first += AT_ONCE * SLICES) {
			uint value[4 * AT_ONCE];
			[[unroll]] for (uint i = 0; i < 4 * AT_ONCE; i++) {
				value[i] = cache[values + min(first + i / 4 * SLICES + i % 4 * quarter, n - 1) * WORDS + word];
			}
			[[unroll]] for (uint i = 0; i < AT_ONCE; i++) {
				uint q = first + i * SLICES;
				if (q >= quarter) continue;
				uvec4 lows = uvec4(weighted[q]), highs = uvec4(weighted[q + quarter]);
				uvec4 bytes = transposed(uvec4(value[4 * i], value[4 * i + 1], value[4 * i + 2], value[4 * i + 3]));
				[[unroll]] for (uint b = 0; b < 4; b++) {
					[[unroll]] for (uint g = 0; g < TOGETHER; g++) {
						low[b][g] = dotAdd(lows[g], bytes[b], low[b][g]);
						high[b][g] = dotAdd(highs[g], bytes[b], high[b][g]);
					}
				}
			}
		}
		barrier();
		[[unroll]] for (uint i = 0; i < 4; i++) weighted[slice * HEAD + 4 * word + i] = (high[i] << 8) + low[i];
		barrier();
		for (uint i = t; i < HEAD; i += THREADS) {
			ivec4 s = ivec4(0);
			[[unroll]] for (uint j = 0; j < SLICES; j++) s += weighted[j * HEAD + i];
			[[unroll]] for (uint g = 0; g < TOGETHER; g++) {
				if (g >= count) continue;
				Scale r = inverse(uint(total[g]), 15 + valueShift - 24 + 14);
				int o = mulShift(s[g], int(r.m >> max(0, -r.e - 32)), clamp(-r.e, 1, 32));
				attended[(head + g) * HEAD + i] = o;
				most = max(most, uint(abs(o)));
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
