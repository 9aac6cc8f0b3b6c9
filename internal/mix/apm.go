package mix

// apm is an adaptive probability map (secondary symbol estimation): per context, a curve over the
// stretched probability, interpolated between 33 points.
type apm []uint16

const apmPoints = 33

// fill makes every curve the identity.
func (a apm) fill() {
	var curve [apmPoints]uint16
	for i := range curve {
		curve[i] = uint16(squash(int32(i-apmPoints/2) * (stretchMax + 1) / (apmPoints / 2)))
	}
	fill(a, curve[:]...)
}

// refine is the curve of a context at x, and the point to train.
func (a apm) refine(x int32, context uint32) (p uint32, at uint32) {
	const cell = (stretchMax + 1) / 16
	x += stretchMax + 1
	i, w := uint32(x)/cell, uint32(x)%cell
	at = context*apmPoints + i
	p = (uint32(a[at])*(cell-w) + uint32(a[at+1])*w) / cell
	if w >= cell/2 {
		at++
	}
	return p, at
}

func (a apm) train(at uint32, bit int, rate uint) {
	if bit == 1 {
		a[at] += uint16((65535 - uint32(a[at])) >> rate)
	} else {
		a[at] -= a[at] >> rate
	}
}
