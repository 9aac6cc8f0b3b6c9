// What all shaders share: the numbers of docs/ARITHMETIC.md in 32 bits, and where buffers are.

#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_arithmetic : require

// The shape of the model and of the session.
layout(constant_id = 0) const uint WIDTH = 64;
layout(constant_id = 1) const uint HEADS = 4;
layout(constant_id = 2) const uint KV_HEADS = 2;
layout(constant_id = 3) const uint HEAD = 16;
layout(constant_id = 4) const uint INNER = 96;
layout(constant_id = 5) const uint WINDOW = 160;

// A column is one token of a round: x is its lane, y its position, z the token, w the row of logits
// that it gives. NONE is for columns that fill up a dispatch, and for tokens without a row.
const uint NONE = 0xffffffffu;

layout(std430, binding = 0) readonly buffer Weights { uint weights[]; };
layout(std430, binding = 1) readonly buffer Columns { uvec4 columns[]; };
layout(std430, binding = 2) buffer Residual { int residual[]; };
layout(std430, binding = 3) buffer Inputs { uint inputs[]; };   // of products: four int8 in each
layout(std430, binding = 4) buffer Units { ivec2 units[]; };    // of inputs: mantissa, exponent
layout(std430, binding = 5) buffer Sums { int sums[]; };        // of products
layout(std430, binding = 6) buffer Queries { uint queries[]; }; // four int8 in each
layout(std430, binding = 7) buffer Steps { ivec2 steps[]; };    // of queries: mantissa, exponent
layout(std430, binding = 8) buffer Cache { uint cache[]; };     // of a layer
layout(std430, binding = 9) buffer Logits { int logits[]; };
layout(std430, binding = 10) buffer Blocks { uint blocks[]; };  // of weights: sums, or all of some

layout(push_constant) uniform Push {
	uint matrix;  // in weights: of each four columns, four int8 of each row
	uint factors; // in weights: one of each row
	uint unitM;   // of the matrix
	int unitE;
	uint rows;    // of the matrix, padded: between the sums of two columns
	uint depth;   // words of an input: columns of the matrix by four
	uint normed;  // in weights: the norm
	int normE;    // its exponent
	uint table;   // in weights: the embedding, turns or sigmoids
	uint from;    // of the input, in inputs
	uint fromUnit; // of its unit, in units
	uint mode;
	uint epsilonLow, epsilonHigh;
};

struct Scale { uint m; int e; };

int bitLength(uint x) { return findMSB(x) + 1; }

// x is not 0.
Scale scaleOf(uint x, int e) {
	int n = bitLength(x) - 16;
	return Scale(n >= 0 ? x >> n : x << -n, e + n);
}

Scale times(Scale a, Scale b) { return scaleOf(a.m * b.m, a.e + b.e); }

// inverse is ratio(1, y, e) for y of 1 to 2^24-1.
Scale inverse(uint y, int e) {
	int n = bitLength(y);
	if ((y & (y - 1)) == 0) return Scale(1u << 15, e - 14 - n);
	y <<= 24 - n;
	uint high = (1u << 31) / y, rest = (1u << 31) - high * y;
	return Scale(high << 8 | (rest << 8) / y, e - 15 - n);
}

// fixed24 has 24 fractional bits.
int fixed24(Scale a) {
	int n = a.e + 24;
	if (n > 15) return 0x7fffffff;
	if (n >= 0) return int(a.m << n);
	return n > -16 ? int(a.m >> -n) : 0;
}

// mulShift is v * u * 2^-n, rounded to the nearest, halves up, for n of 1 to 32.
int mulShift(int v, int u, int n) {
	int high, low;
	imulExtended(v, u, high, low);
	uint carry, sum = uaddCarry(uint(low), 1u << (n - 1), carry);
	high += int(carry);
	return n == 32 ? high : int(uint(high) << (32 - n) | sum >> n);
}

int mulRound(int a, int b) { return (a * b + (1 << 14)) >> 15; }

int narrowShift(uint most) { return bitLength(most) - 14; }

int narrow(int v, int shift) { return shift <= 0 ? v << -shift : ((v >> (shift - 1)) + 1) >> 1; }

struct Rescaling { uint m; uint drop; int shift; int limit; };

Rescaling rescalingTo(Scale t, int fraction) {
	int n = -(t.e + fraction + 12), shift = clamp(n, 1, 32);
	return Rescaling(t.m, 12 + clamp(n - 32, 0, 19), shift, 1 << min(10 + shift, 30));
}

int rescale(Rescaling r, int sum, uint factor) {
	return mulShift(clamp(sum, -r.limit, r.limit), int(factor * r.m >> r.drop), r.shift);
}

Scale unitOf(uint column) { ivec2 u = units[column]; return Scale(uint(u.x), u.y); }

Scale matrixUnit() { return Scale(unitM, unitE); }

// Quantizing is how numbers become int8.
struct Quantizing { int shift; int factor; };

Quantizing quantizing(uint most) {
	int shift = narrowShift(most);
	return Quantizing(shift, most == 0 ? 0 : (127 << 15) / narrow(int(most), shift));
}

Scale scaleOfQuantized(Quantizing q) {
	return q.factor == 0 ? Scale(1u << 15, -64) : inverse(uint(q.factor), 15 + q.shift);
}

uint quantize(Quantizing q, ivec4 v) {
	uint word = 0;
	[[unroll]] for (int i = 0; i < 4; i++) word |= uint(mulRound(narrow(v[i], q.shift), q.factor) & 255) << (8 * i);
	return word;
}

uint most4(ivec4 v) {
	uvec4 a = uvec4(abs(v));
	return max(max(a.x, a.y), max(a.z, a.w));
}

int signedByte(uint word, int i) { return bitfieldExtract(int(word), 8 * i, 8); }

// signed half i of an array of int16.
int signedHalf(uint at, uint i) { return bitfieldExtract(int(weights[at + i / 2]), int(16 * (i & 1)), 16); }

shared uint shares[32]; // of subgroups, which have 4 threads at least

// mostOf is the greatest of a workgroup's values, for all of it.
uint mostOf(uint v) {
	v = subgroupMax(v);
	barrier();
	if (subgroupElect()) shares[gl_SubgroupID] = v;
	barrier();
	v = shares[0];
	for (uint i = 1; i < gl_NumSubgroups; i++) v = max(v, shares[i]);
	return v;
}

