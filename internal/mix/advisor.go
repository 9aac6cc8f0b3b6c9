package mix

import "sync"

// Advisor is an expert from outside, for example a language model. Encoder and decoder must get the
// same advice.
type Advisor interface {
	// Bit is asked before each bit of a byte that is not guessed as a whole. partial holds the bits
	// of the byte so far behind a leading 1. p is the probability of a 1 in units of 1/65536, or 0
	// for no advice; confidence, 0 to 15, is how much there is behind it.
	Bit(partial uint32) (p, confidence uint32)

	// Byte tells which byte came, how many bits, in units of 1/4096, its coding takes without
	// advice, and how many the advice has saved of them.
	Byte(c byte, cost, saved int32)

	// Run tells that text came, of which it was neither asked nor told byte by byte. text is valid
	// during the call.
	Run(text []byte)
}

const (
	fusionInputs  = 8
	fusionSets    = 4
	fusionRate    = 14 // weights move by input * error / 2^fusionRate
	fusionOne     = 1 << 16
	fusionApms    = 2
	fusionApmBits = 16 // contexts of each, log2
	fusionApmRate = 5
)

// fusion mixes an advisor's probability with the model's own. The model itself does not see the
// advice, so what the advice saves is known bit by bit, and where there is none nothing changes.
type fusion struct {
	weights [fusionSets][]int32 // by confidence and bit; sureness of both; order and byte; template
	apms    [fusionApms]apm     // of the mixed probability, by order 1 and by order 3
	row     [fusionSets]int     // in use
	out     [fusionSets]int32
	apmAt   [fusionApms]uint32
	x       [fusionInputs]int32
	plain   uint32 // the probability without advice
	advised bool
	cost    int32 // of this byte so far without advice
	saved   int32
}

func (f *fusion) reset() {
	for i, rows := range []int{16 * 8, 16 * 16, setOrders.size(), setTemplate.size()} {
		if f.weights[i] == nil {
			f.weights[i] = make([]int32, rows*fusionInputs)
		}
		for j := range f.weights[i] {
			f.weights[i][j] = [fusionInputs]int32{fusionOne * 3 / 4, fusionOne / 4}[j%fusionInputs]
		}
	}
	for i := range f.apms {
		if f.apms[i] == nil {
			f.apms[i] = make(apm, apmPoints<<fusionApmBits)
		}
		f.apms[i].fill()
	}
	f.cost, f.saved = 0, 0
}

// advise gives the probability p, the model's own, with its advisor's advice.
func (m *model) advise(p uint32) uint32 {
	f := &m.fusion
	q, confidence := m.advisor.Bit(m.c0)
	if f.advised = q > 0; !f.advised {
		return p
	}
	f.plain = p
	const mask = 1<<fusionApmBits - 1
	curves := [fusionApms]uint32{((m.c0 | m.c4<<8) & mask) * apmPoints, (hash2(m.c4&0xffffff, m.c0) & mask) * apmPoints}
	for i, a := range f.apms {
		prefetchCurves(a, curves[i:i+1])
	}
	own, other := fineStretch(p), fineStretch(min(q, 65535))
	f.x = [fusionInputs]int32{own, other, other * int32(confidence) >> 4, stretchUnit, (int32(q) - 32768) >> 5}
	f.row = [fusionSets]int{
		int(confidence<<3 | m.bit), int(sureness(own)<<4 | sureness(other)), int(m.choose(setOrders)), int(m.choose(setTemplate)),
	}
	sum := int32(0)
	for i, w := range f.weights {
		var dot int64
		for j, v := range w[f.row[i]*fusionInputs:][:fusionInputs] {
			dot += int64(v) * int64(f.x[j])
		}
		f.out[i] = int32(max(-stretchMax, min(stretchMax, dot>>16)))
		sum += f.out[i]
	}
	sum /= fusionSets
	cell, w := apmCell(sum)
	p = 2 * squash(sum)
	for i, a := range f.apms {
		var refined uint32
		refined, f.apmAt[i] = a.refine(curves[i]+cell, w)
		p += refined
	}
	return max(1, min(65535, p/4))
}

// unadvised is the probability of the next bit without advice.
func (m *model) unadvised() uint32 {
	if m.fusion.advised {
		return m.fusion.plain
	}
	return m.p
}

// sureness quantises how far a probability is from even, and to which side.
func sureness(x int32) uint32 { return uint32(max(0, min(15, x>>8+8))) }

// learn learns that the bit predicted with probability p was y.
func (f *fusion) learn(y, p uint32) {
	if !f.advised {
		f.cost += bitCost(y, p)
		return
	}
	cost := bitCost(y, f.plain)
	f.cost, f.saved = f.cost+cost, f.saved+cost-bitCost(y, p)
	for i, w := range f.weights {
		e := int64(y*65535) - int64(squash(f.out[i]))
		row := w[f.row[i]*fusionInputs:][:fusionInputs]
		for j := range row {
			row[j] += int32((int64(f.x[j])*e + 1<<(fusionRate-1)) >> fusionRate)
		}
	}
	for i, a := range f.apms {
		a.train(f.apmAt[i], y, fusionApmRate)
	}
}

// bitCost is the length of a bit in units of 1/4096.
func bitCost(y, p uint32) int32 {
	if y == 0 {
		p = 65536 - p
	}
	return costTable()[p>>4]
}

// costTable is -log2 of the middle of each sixteenth of 1/4096, in units of 1/4096.
var costTable = sync.OnceValue(func() *[4096]int32 {
	var t [4096]int32
	for i := range t {
		x := uint64(i<<4|8) << 15 // in units of 2^-31
		n := int32(0)
		for x < 1<<30 {
			x <<= 1
			n++
		}
		fraction := int32(0) // of the logarithm of x, which is in [1/2, 1)
		for range 12 {
			x = x * x >> 31
			fraction <<= 1
			if x < 1<<30 {
				fraction++
				x <<= 1
			}
		}
		t[i] = n<<12 + fraction
	}
	return &t
})

// fineStretch is stretch for each of the 65536 probabilities.
func fineStretch(p uint32) int32 { return int32(fineTable()[p]) }

var fineTable = sync.OnceValue(func() *[65536]int16 {
	var t [65536]int16
	x := -stretchMax
	for p := range t {
		for x < stretchMax && int(squashTable[stretchMax+x]) < p {
			x++
		}
		t[p] = int16(x)
	}
	return &t
})
