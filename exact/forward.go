package exact

import "github.com/lmz-go/lmz/lm"

// column is one token of a round.
type column struct {
	lane, pos int
	token     int32
	row       int // of Logits that it gives, -1: none
}

// work is the scratch memory of forward, for batchColumns columns.
type work struct {
	row       []int64 // of the embedding
	residual  []int32 // shape.width for each column
	numbers   []int32 // of a column, before it is quantized
	input     []int8  // of a product, column by column
	units     [batchColumns]scale
	sums      []int32 // of a product, column by column
	attended  []int32
	queries   []int8
	steps     []scale // of a group of queries
	key       []int8
	value     []int8
	attention attention
	sigmoid   *sigmoids
}

func (w *work) make(m *Model, window int) {
	s := m.shape
	widest := max(s.width, s.inner)
	rows := max(len(m.layers[0].qkv.factors), len(m.layers[0].gateUp.factors), len(m.logits.factors), len(m.layers[0].down.factors))
	w.row = make([]int64, s.width)
	w.residual = make([]int32, batchColumns*s.width)
	w.numbers = make([]int32, widest)
	w.input = make([]int8, batchColumns*widest)
	w.sums = make([]int32, batchColumns*rows)
	w.attended = make([]int32, s.width)
	w.queries = make([]int8, s.width)
	w.steps = make([]scale, s.heads/s.kvHeads)
	w.key, w.value = make([]int8, s.head), make([]int8, s.head)
	w.attention = newAttention(s, window)
	w.sigmoid = sigmoidTable()
}

// forward evaluates the columns; those of a lane are in the order of their positions.
func (s *session) forward(columns []column) {
	m, w := s.model, &s.work
	width := m.shape.width
	for i, c := range columns {
		m.embedding.row(w.row, int(c.token))
		embed(w.residual[i*width:][:width], w.row)
	}
	// Only the last token of a feed has a row. Of the others the last layer takes keys and values.
	n := len(columns)
	for i := range m.layers {
		l := &m.layers[i]
		s.norm(n, &l.attentionNorm)
		s.product(l.qkv, n)
		n = 0
		for j, c := range columns {
			if i == len(m.layers)-1 && c.row < 0 {
				s.attend(l, i, j, -1, c)
				continue
			}
			s.attend(l, i, j, n, c)
			if n < j {
				copy(w.residual[n*width:], w.residual[j*width:][:width])
				columns[n] = c
			}
			n++
		}
		s.product(l.output, n)
		s.add(l.output, n)
		s.norm(n, &l.innerNorm)
		s.product(l.gateUp, n)
		for j := range n {
			s.gate(l, j)
		}
		s.product(l.down, n)
		s.add(l.down, n)
	}
	s.norm(n, &m.outputNorm)
	s.product(m.logits, n)
	pitch := len(m.logits.factors)
	for i, c := range columns[:n] {
		r := rescalingTo(w.units[i].times(m.logits.unit).times(log2e), lm.LogitFraction)
		rescale(s.rows[c.row], w.sums[i*pitch:][:pitch], m.logits.factors, r)
	}
}

// norm makes the normalized residual stream the input of a product.
func (s *session) norm(n int, by *norm) {
	w, width := &s.work, s.model.shape.width
	for i := range n {
		y := w.numbers[:width]
		squares, most := normalize(y, w.residual[i*width:][:width], by.weight)
		mean := squares/uint64(width) + s.model.epsilon
		root := rsqrt(max(1, mean), 2*fraction-squareDrop)
		w.units[i] = quantize(w.input[i*width:][:width], y, most).shift(by.exponent + normBits - fraction).times(root)
	}
}

// product multiplies the input by a matrix.
func (s *session) product(m *matrix, n int) {
	w := &s.work
	if n > 0 {
		s.model.kernel.matmul(w.sums, len(m.factors), m.packed, panelRows*m.columns, panels(m.rows), w.input, m.columns, n, m.columns)
	}
}

// add adds the sums of a product to the residual stream.
func (s *session) add(m *matrix, n int) {
	w, width, pitch := &s.work, s.model.shape.width, len(m.factors)
	for i := range n {
		r := rescalingTo(w.units[i].times(m.unit), fraction)
		accumulate(w.residual[i*width:][:width], w.sums[i*pitch:][:width], m.factors, r)
	}
}

// attend stores a column's keys and values, and makes what it attends to the input of a product in
// column to; -1: only stores.
func (s *session) attend(l *layer, number, i, to int, c column) {
	w, shape, pitch := &s.work, s.model.shape, len(l.qkv.factors)
	sums := w.sums[i*pitch:][:pitch]
	rescale(sums, sums, l.qkv.factors, rescalingTo(w.units[i].times(l.qkv.unit), fraction))
	head, group := shape.head, shape.heads/shape.kvHeads
	q, k, v := sums[:shape.width], sums[shape.width:][:shape.kvHeads*head], sums[shape.width+shape.kvHeads*head:]
	turn := s.model.turns[c.pos*head:][:head]
	turned := w.numbers[:head]
	turnTo := func(q []int8, x []int32) scale {
		exponent, most := rotate(turned, x, turn)
		return quantize(q, turned, most).shift(exponent)
	}
	most := uint32(0)
	for h := range shape.kvHeads {
		cache := &s.lanes[c.lane].kv[number*shape.kvHeads+h]
		keyStep, value := turnTo(w.key, k[h*head:][:head]), v[h*head:][:head]
		valueStep := quantize(w.value, value, maxAbs(value)).shift(-fraction)
		cache.put(s.model.kernel.bias, c.pos, w.key, w.value, keyStep, valueStep)
		if to < 0 {
			continue
		}
		for g := range group {
			w.steps[g] = turnTo(w.queries[g*head:][:head], q[(h*group+g)*head:][:head])
		}
		attended := w.attended[h*group*head:]
		most = max(most, w.attention.attend(s.model.kernel, attended, cache, c.pos+1, w.queries, w.steps, head))
	}
	if to >= 0 {
		w.units[to] = quantize(w.input[to*shape.width:][:shape.width], w.attended, most).shift(-fraction)
	}
}

// gate makes SiLU(gate) * up the input of a product.
func (s *session) gate(l *layer, i int) {
	w, inner, pitch := &s.work, s.model.shape.inner, len(l.gateUp.factors)
	sums, factors := w.sums[i*pitch:][:pitch], l.gateUp.factors
	r := rescalingTo(w.units[i].times(l.gateUp.unit), fraction)
	g, u := sums[:inner], sums[inner:][:inner]
	gMost, uMost := rescale(g, g, factors, r), rescale(u, u, factors[inner:], r)
	y := w.numbers[:inner]
	shift, most := gate(y, g, u, gMost, uMost, w.sigmoid)
	w.units[i] = quantize(w.input[i*inner:][:inner], y, most).shift(shift - fraction)
}
