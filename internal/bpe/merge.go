package bpe

// pair is two neighbouring tokens of a word.
type pair struct{ left, right int32 }

// merge is a pair, and the token that takes its place.
type merge struct {
	pair
	token int32
}

// merger merges the tokens of a word. It keeps its memory from word to word.
type merger struct {
	tokens     []int32 // by the byte that they begin with; -1: part of the token before, or the end
	prev, next []int32 // where the token before and the one after begin
	queue      queue
}

// appendMerged appends the tokens of a word: its bytes, of whose pairs the one of the lowest rank,
// the first of these, is merged until none has a rank.
func (m *merger) appendMerged(dst []int32, t *Tokenizer, word []byte) []int32 {
	m.tokens, m.prev, m.next, m.queue = m.tokens[:0], m.prev[:0], m.next[:0], m.queue[:0]
	for i, b := range word {
		m.tokens, m.prev, m.next = append(m.tokens, t.single[b]), append(m.prev, int32(i-1)), append(m.next, int32(i+1))
	}
	m.tokens = append(m.tokens, -1)
	for i := range word {
		m.pushPair(t, int32(i))
	}
	for len(m.queue) > 0 {
		rank, left := m.queue.pop()
		merge := &t.merges[rank]
		if m.tokens[left] != merge.left {
			continue // merged since
		}
		right := m.next[left]
		if m.tokens[right] != merge.right {
			continue
		}
		after := m.next[right]
		m.tokens[left], m.tokens[right], m.next[left] = merge.token, -1, after
		if int(after) < len(word) {
			m.prev[after] = left
		}
		if before := m.prev[left]; before >= 0 {
			m.pushPair(t, before)
		}
		m.pushPair(t, left)
	}
	for i := 0; i < len(word); i = int(m.next[i]) {
		dst = append(dst, m.tokens[i])
	}
	return dst
}

// pushPair queues the pair that begins at left if it has a rank.
func (m *merger) pushPair(t *Tokenizer, left int32) {
	if rank, ok := t.ranks[pair{m.tokens[left], m.tokens[m.next[left]]}]; ok {
		m.queue.push(rank, left)
	}
}

// queue is a binary heap of ranks and places, the lowest rank first, then the first place.
type queue []uint64

func (q *queue) push(rank uint32, place int32) {
	h := append(*q, 0)
	i, v := len(h)-1, uint64(rank)<<32|uint64(place)
	for ; i > 0 && h[(i-1)/2] > v; i = (i - 1) / 2 {
		h[i] = h[(i-1)/2]
	}
	h[i] = v
	*q = h
}

func (q *queue) pop() (rank uint32, place int32) {
	h := *q
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	for i, child := 0, 1; len(h) > 0; child = 2*i + 1 {
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if child >= len(h) || h[child] >= last {
			h[i] = last
			break
		}
		h[i] = h[child]
		i = child
	}
	*q = h
	return uint32(top >> 32), int32(uint32(top))
}
