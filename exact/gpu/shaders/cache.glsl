// The cache of a layer: of each lane and head of keys and values the keys, each word for all
// positions; the values, all words of each position; the steps of both.

const uint CACHE_HEAD = WINDOW * (HEAD / 2 + 2);

uint cacheAt(uint lane, uint head) { return (lane * KV_HEADS + head) * CACHE_HEAD; }
uint keyAt(uint lane, uint head, uint word, uint pos) { return cacheAt(lane, head) + word * WINDOW + pos; }
uint valueAt(uint lane, uint head, uint word, uint pos) {
	return cacheAt(lane, head) + WINDOW * (HEAD / 4) + pos * (HEAD / 4) + word;
}
uint keyStepAt(uint lane, uint head, uint pos) { return cacheAt(lane, head) + WINDOW * (HEAD / 2) + pos; }
uint valueStepAt(uint lane, uint head, uint pos) { return cacheAt(lane, head) + WINDOW * (HEAD / 2 + 1) + pos; }
