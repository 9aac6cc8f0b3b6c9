package mix

// record finds the period of data made of rows of one width, as images and tables are, from the
// distances at which the same bytes come again.
type record struct {
	last  [4096]int32 // by hash of three bytes: where they were last
	votes [maxPeriod]uint16
	best  int // the period with most votes, 0 before there is one
	phase int // bytes since the period changed
}

const maxPeriod = 2048

func (r *record) add(c4 uint32, at int) {
	p := &r.last[(c4&0xffffff)*0x9e3779b1>>20]
	gap := at - int(*p)
	*p = int32(at)
	r.phase++
	// a run repeats at a distance of 1, which says nothing
	if gap <= 2 || gap >= maxPeriod {
		return
	}
	r.votes[gap]++
	if r.votes[gap] > r.votes[r.best] {
		if gap != r.best {
			r.best, r.phase = gap, 0
		}
		if r.votes[gap] == 4095 {
			for i := range r.votes {
				r.votes[i] >>= 1
			}
		}
	}
}
