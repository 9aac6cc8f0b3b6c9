package exact

import "math/bits"

// cacheFraction is the fractional bits of the steps of keys and values.
const cacheFraction = 24

// cache is the keys and values of one head of one lane in int8, each position in steps of its own,
// packed for a kernel: keys as a matrix with a row for each position, values as one with a column
// for each.
type cache struct {
	keys, values         []byte
	keySteps, valueSteps []int32 // with cacheFraction
	pitch                int     // between panels of values
}

func newCache(head, window int) cache {
	columns, steps := (window+3)&^3, weighed(window)
	return cache{
		keys: make([]byte, panels(window)*panelRows*head), values: make([]byte, head*columns),
		keySteps: make([]int32, window), valueSteps: make([]int32, steps), pitch: panelRows * columns,
	}
}

// put stores the key and the value of a position.
func (c *cache) put(bias byte, pos int, key, value []int8, keyStep, valueStep scale) {
	c.keySteps[pos], c.valueSteps[pos] = keyStep.fixed(cacheFraction), valueStep.fixed(cacheFraction)
	at := c.keys[pos/panelRows*panelRows*len(key)+pos%panelRows*4:]
	for ; len(key) >= 4; key = key[4:] {
		at[0], at[1], at[2], at[3] = byte(key[0])+bias, byte(key[1])+bias, byte(key[2])+bias, byte(key[3])+bias
		at = at[min(len(at), 4*panelRows):]
	}
	at = c.values[pos/4*4*panelRows+pos%4:]
	for ; len(value) >= panelRows; value = value[panelRows:] {
		panel := at[:4*panelRows-3]
		for i, v := range value[:panelRows] {
			panel[4*i] = byte(v) + bias
		}
		at = at[min(len(at), c.pitch):]
	}
}

// log2e is the binary logarithm of e.
var log2e = scale{47274, -15}

// attention is the scratch memory of attend.
type attention struct {
	scores []int32 // of each head, for each position
	digits []int8  // of the weights: two for each head
	totals []int32 // of the weights of each head
	sums   []int32
}

func newAttention(s shape, window int) attention {
	group := s.heads / s.kvHeads
	return attention{
		scores: make([]int32, group*weighed(window)), digits: make([]int8, 2*group*weighed(window)),
		totals: make([]int32, group), sums: make([]int32, 2*group*s.head),
	}
}

// weighed is the number of scores that are weighed for n positions: those behind weigh nothing, and
// fill the registers of any form of weigh.
func weighed(n int) int { return (n + 31) &^ 31 }

// stepShift is the shift to the right that leaves 15 bits of the greatest step.
func stepShift(steps []int32) int { return bits.Len32(max(1, maxAbs(steps))) - 15 }

// attend sets out to the values of the first n positions, weighted by the softmax of their keys'
// products with the queries of a group of heads, whose steps are given, and returns the greatest
// magnitude in out.
func (a *attention) attend(k *kernel, out []int32, c *cache, n int, queries []int8, steps []scale, head int) (most uint32) {
	group, pitch := len(steps), weighed(n)
	k.matmul(a.scores, pitch, c.keys, panelRows*head, panels(n), queries, head, group, head)

	keyShift, valueShift := stepShift(c.keySteps[:n]), stepShift(c.valueSteps[:n])
	root := bits.TrailingZeros(uint(head)) // of the head's width: 1/sqrt is 2^-(root/2)
	for h, step := range steps {
		scores := a.scores[h*pitch:][:pitch]
		// A score in units of 2^-exponentFraction octaves is score * keyStep * factor >> shift.
		factor := step.times(log2e).times(inverseRoot(root))
		m := int32(factor.m >> 1)
		shift := -(factor.e + 1 + scoreDrop + 15 + keyShift - cacheFraction + exponentFraction)
		top := scoreSteps(scores[:n], c.keySteps, keyShift, m, max(0, min(31, shift)))
		for i := n; i < pitch; i++ {
			scores[i] = top - exponentLast
		}
		hi, lo := a.digits[2*h*pitch:][:pitch], a.digits[(2*h+1)*pitch:][:pitch]
		a.totals[h] = weigh(hi, lo, scores, c.valueSteps, top, valueShift)
	}
	k.matmul(a.sums, head, c.values, c.pitch, head/panelRows, a.digits, pitch, 2*group, (n+3)&^3)
	for h := range group {
		hi, lo := a.sums[2*h*head:][:head], a.sums[(2*h+1)*head:][:head]
		r := ratio(1, uint64(a.totals[h]), 15+valueShift-cacheFraction+fraction)
		most = max(most, combine(out[h*head:][:head], hi, lo, r))
	}
	return most
}

// inverseRoot is 2^-(n/2).
func inverseRoot(n int) scale {
	if n%2 == 0 {
		return scale{1 << 15, -15 - n/2}
	}
	return scale{46340, -16 - n/2}
}
