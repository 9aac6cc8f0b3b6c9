// Weights of tokens, as coder.CDF has them: table is 2^31 * 2^(-i/2048), depth the
// number of tokens, rows the logits of a row.

const uint BLOCK = 64; // tokens whose weights are summed up

uint weightOf(int top, int logit) {
	uint steps = min(uint(top) - uint(logit), 65535u);
	return (weights[table + (steps & 2047)] >> (steps >> 11)) + 1;
}
