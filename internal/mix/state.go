package mix

import (
	"context"
	"slices"
)

// clearedAtOnce is how many bytes of a table are cleared or copied between two looks at the
// context.
const clearedAtOnce = 16 << 20

// shape makes the tables those of kind k, in the memory that is there if there is enough. With
// zero, those that begin with zeros are cleared, but for the slots; what is in the others is
// undefined.
func (m *model) shape(k kind, zero bool) {
	if m.kind != k || m.level == nil {
		l := k.spec()
		m.kind, m.level = k, &l
	}
	t, l := &m.tables, m.level
	mixed := 1 // or 0, so that there are none of the tables of bit histories and mixers
	if l.direct() {
		mixed = 0
		t.directs.shape(len(l.contexts), int(l.directBits), zero)
	}
	inputs, rows := l.inputs(), l.setRows()
	resize(&t.slots, mixed*lineSize<<l.slotBits, false)
	resize(&t.maps, mixed*len(l.contexts), false)
	resize(&t.expertMaps, mixed*expertCount*confidences, false)
	resize(&t.x, mixed*inputs, zero)
	resize(&t.y, 16, zero)
	resize(&t.weights, rows*inputs/blockSize, false)
	resize(&t.finalWeights, mixed*finalRows, false)
	resize((*[]uint16)(&t.apms), l.curves*apmPoints<<l.apmBits, false)
	for i, length := range []int{l.longLength, 11, 6, 3} {
		entries := 1 << l.matchBits
		if !l.every() && (i == midMatch || i == lineMatch) {
			entries = 0
		}
		resize(&t.matches[i].pos, entries, zero)
		t.matches[i].min = length
	}
	resize((*[]place)(&t.template), 1<<l.placeBits, zero)
	resize((*[]place)(&t.key), 1<<l.placeBits, zero)
	resize(&m.copies.source, copySources, zero)
	if l.every() {
		resize(&t.indirect2, 1<<16, zero)
	}
	if l.numbers {
		resize((*[]histogram)(&t.deltas), 1<<l.deltaBits(), zero)
		resize(&t.quantityMaps, quantityStates, false)
	} else {
		t.deltas, t.quantityMaps = t.deltas[:0], t.quantityMaps[:0]
	}
	t.noise.shape(int(l.noiseBits))
	t.guesses.shape(guessInputs, l.guessBits, zero)
	t.stretches.shape(stretchInputs, l.guessBits, zero)
}

// resize makes s n long, in its own memory if there is enough of it; zero: of zeros.
func resize[T any](s *[]T, n int, zero bool) {
	if cap(*s) < n {
		*s = make([]T, n)
		huge(*s)
		return
	}
	*s = (*s)[:n]
	if zero {
		clear(*s)
	}
}

// reset makes m one of kind k that knows nothing but the prior.
func (m *model) reset(ctx context.Context, k kind) error {
	known, keep := priors.get(k)
	if known != nil {
		return m.copyFrom(ctx, known)
	}
	if err := m.clear(ctx, k); err != nil {
		return err
	}
	text := prior()
	if err := m.read(ctx, text[max(0, len(text)-m.prior.history):], m.prior.taught); err != nil {
		return err
	}
	if keep {
		priors.add(m)
	}
	return nil
}

// clear makes m one of kind k that knows nothing.
func (m *model) clear(ctx context.Context, k kind) error {
	old := cap(m.slots)
	m.shape(k, true)
	t := &m.tables
	m.cursor = cursor{
		line:     line{detail: m.parse()},
		copies:   copies{source: m.copies.source, line: 1},
		digits:   digitRun{line: 1},
		forecast: forecast{lines: m.forecast.lines[:0], now: -1},
		run:      newRun(),
		rate:     initialRate,
	}
	t.buf = t.buf[:0]
	if old >= len(t.slots) { // else they are new
		for part := range slices.Chunk(t.slots, clearedAtOnce) {
			clear(part)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	var byHistory [256]uint32
	for i := range byHistory {
		byHistory[i] = uint32(stateOdds[i])<<16 | min(uint32(stateCount[i]), 30)
	}
	fill(t.maps, byHistory)
	for i := range t.expertMaps {
		t.expertMaps[i] = firstTrust(i)<<16 | 2
	}
	for i := range t.quantityMaps {
		s := int32(i%quantityCells)*2*(stretchMax+1)/quantityCells - stretchMax
		t.quantityMaps[i] = squash(s+stretchMax/quantityCells)<<16 | 6
	}
	if !m.direct() {
		t.x[len(m.contexts)+len(m.level.experts)*inputsPerExpert] = stretchUnit
	}
	if !k.foreign && k.without&Learnt == 0 {
		m.setWeights(learnt(k.pupil()))
	} else {
		m.setWeights(m.level.firstWeights())
	}
	t.apms.fill()
	t.noise.fill()
	return nil
}

// firstTrust is the probability that an expert of this confidence is right, before it has shown it.
func firstTrust(confidence int) uint32 {
	length, misses := confidence>>2&15, confidence&3
	return uint32(65535 - 32768/(length+1)>>misses)
}

// fill repeats the pattern throughout s, whose length is a multiple of the pattern's.
func fill[T any](s []T, pattern ...T) {
	for n := copy(s, pattern); n < len(s); n *= 2 {
		copy(s[n:], s[:n])
	}
}

// copyFrom makes m equal to o, which may be shared.
func (m *model) copyFrom(ctx context.Context, o *model) error {
	m.shape(o.kind, false)
	source, lines := m.copies.source, m.forecast.lines
	m.cursor = o.cursor
	m.copies.source, m.forecast.lines = source, append(lines[:0], o.forecast.lines...)
	copy(source, o.copies.source)

	t, u := &m.tables, &o.tables
	t.buf = append(t.buf[:0], u.buf...)
	for at := 0; at < len(u.slots); at += clearedAtOnce {
		copy(t.slots[at:], u.slots[at:min(at+clearedAtOnce, len(u.slots))])
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	copy(t.maps, u.maps)
	copy(t.expertMaps, u.expertMaps)
	copy(t.x, u.x)
	copy(t.y, u.y)
	copy(t.weights, u.weights)
	copy(t.finalWeights, u.finalWeights)
	copy(t.apms, u.apms)
	for i := range t.matches {
		copy(t.matches[i].pos, u.matches[i].pos)
	}
	copy(t.template, u.template)
	copy(t.key, u.key)
	copy(t.indirect2, u.indirect2)
	copy(t.deltas, u.deltas)
	copy(t.quantityMaps, u.quantityMaps)
	t.guesses.copyFrom(&u.guesses)
	t.stretches.copyFrom(&u.stretches)
	t.directs.copyFrom(&u.directs)
	t.noise.copyFrom(&u.noise)
	return nil
}

// held is the memory of the tables in bytes, whether it is in use or not.
func (m *model) held() int {
	t := &m.tables
	n := cap(t.slots) + cap(m.copies.source) + 12*(cap(t.template)+cap(t.key)) + histogramSize*cap(t.deltas)
	n += 4 * (256*cap(t.maps) + cap(t.expertMaps) + cap(t.quantityMaps) + cap(t.indirect2))
	n += 2*(cap(t.apms)+32*(cap(t.weights)+cap(t.finalWeights))) + t.guesses.held() + t.stretches.held() + t.directs.held() + t.noise.held()
	for i := range t.matches {
		n += 4 * cap(t.matches[i].pos)
	}
	return n
}
