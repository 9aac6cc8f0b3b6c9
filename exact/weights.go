package exact

// Weights are the numbers that a model computes with, for engines on other devices:
// docs/ARITHMETIC.md says what is done with them.
type Weights struct {
	Layers, Width, Heads, KVHeads, Inner, Context int

	Embedding  []int32 // a row of Width for each token, with 14 fractional bits
	Blocks     []Block // Layers of them
	OutputNorm Norm
	Logits     Matrix
	Epsilon    uint64   // with 20 fractional bits
	Turns      []int16  // cosine and sine of each pair of a head, position by position
	Sigmoid    []uint16 // with 15 fractional bits
}

// Block is the weights of a layer.
type Block struct {
	AttentionNorm Norm
	QKV, Output   Matrix
	InnerNorm     Norm
	GateUp, Down  Matrix
}

// Norm is the weights of an RMSNorm in units of 2^Exponent.
type Norm struct {
	Weight   []int16
	Exponent int
}

// Matrix is a matrix of int8, row by row, with a factor for each row in units of
// Mantissa * 2^Exponent.
type Matrix struct {
	Rows, Columns int
	Values        []int8
	Factors       []uint16
	Mantissa      uint32 // 2^15 to 2^16-1
	Exponent      int
}

// Weights gives the weights of the model: tables are shared, and read only.
func (m *Model) Weights() *Weights {
	s := m.shape
	w := &Weights{
		Layers: s.layers, Width: s.width, Heads: s.heads, KVHeads: s.kvHeads, Inner: s.inner, Context: s.context,
		Embedding: make([]int32, len(m.Pieces())*s.width), OutputNorm: m.outputNorm.public(), Logits: m.public(m.logits),
		Epsilon: m.epsilon, Turns: m.turns, Sigmoid: sigmoidTable()[:sigmoidSize],
	}
	row := make([]int64, s.width)
	for i := range m.Pieces() {
		m.embedding.row(row, i)
		embed(w.Embedding[i*s.width:], row)
	}
	for _, l := range m.layers {
		w.Blocks = append(w.Blocks, Block{
			l.attentionNorm.public(), m.public(l.qkv), m.public(l.output), l.innerNorm.public(), m.public(l.gateUp), m.public(l.down),
		})
	}
	return w
}

func (n norm) public() Norm { return Norm{n.weight, n.exponent} }

// public is a matrix as it was before it was packed for the model's kernel.
func (m *Model) public(x *matrix) Matrix {
	values := make([]int8, 0, x.rows*x.columns)
	for r := range x.rows {
		panel := x.packed[r/panelRows*panelRows*x.columns+r%panelRows*4:]
		for c := range x.columns {
			values = append(values, int8(panel[c/4*4*panelRows+c%4]-m.kernel.bias))
		}
	}
	return Matrix{x.rows, x.columns, values, x.factors[:x.rows], x.unit.m, x.unit.e}
}
