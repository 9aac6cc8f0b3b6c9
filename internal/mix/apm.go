package mix

// apm is an adaptive probability map (secondary symbol estimation): per context, a curve over the
// stretched probability, interpolated between 33 points.
type apm []uint16

const (
	apmPoints = 33
	apmRate   = 5
)

// fill makes every curve the identity.
func (a apm) fill() {
	var curve [apmPoints]uint16
	for i := range curve {
		curve[i] = uint16(squash(int32(i-apmPoints/2) * (stretchMax + 1) / (apmPoints / 2)))
	}
	fill(a, curve[:]...)
}

const apmCellSize = (stretchMax + 1) / 16

// apmCell is the point of a curve below x, and how far x is beyond it, in units of 1/apmCellSize.
func apmCell(x int32) (cell, w uint32) {
	u := uint32(x + stretchMax + 1)
	return u / apmCellSize, u % apmCellSize
}

// refine is the curve between the point at and the next, and the one of the two to train.
func (a apm) refine(at, w uint32) (p uint32, nearest uint32) {
	p = (uint32(a[at])*(apmCellSize-w) + uint32(a[at+1])*w) / apmCellSize
	if w >= apmCellSize/2 {
		at++
	}
	return p, at
}

// train moves the point at towards bit by its 2^-rate part.
func (a apm) train(at, bit uint32, rate uint) {
	e := &a[at]
	side := -uint16(bit) // the distance is that to 0, or to 65535
	*e += ((*e^side)>>rate ^ ^side) - ^side
}
