package mix

import (
	"encoding/binary"
	"math/bits"
)

// A set of weights has a row for each value of a small context.
type set uint8

const (
	setMatch set = iota
	setOrder0
	setField
	setOrder1
	setTemplate
	setToken
	setVotes
	setSkeleton
	setKey
	setOrders
	setCount
)

var setSizes = [setCount]int{256, 256, 512, 256, 1024, 2048, 128, 2048, 2048, 2048}

func (s set) size() int { return setSizes[s] }

// startSets chooses the rows of the sets as far as they hold for the whole byte.
func (m *model) startSets() {
	l := &m.line
	t := &m.cursor.experts[templateMatch]
	m.matched = [2]uint32{1 + min(m.cursor.experts[longMatch].confidence()>>2, 14), 1 + min(m.cursor.experts[shortMatch].confidence()>>2, 14)}
	m.byteRow = [setCount]uint32{
		setField:    uint32(l.field) << 3,
		setOrder1:   m.c4 & 255,
		setTemplate: flag(m.onTrack) << 3,
		setToken:    uint32(min(l.tokenLen, 15))<<3 | uint32(byteClass[m.c4&255]),
		setSkeleton: l.skeleton * 0x9e3779b1 >> 24 << 3,
		setKey:      l.key() * 0x9e3779b1 >> 24 << 3,
	}
	m.templateRow = 2<<3 | uint32(byteClass[t.byte])<<5 | flag(t.misses == 0)<<9
}

// choose is the row of a set for the next bit.
func (m *model) choose(s set) uint32 {
	live, row := m.voters.live, m.byteRow[s]
	switch s {
	case setMatch:
		row = m.matched[0]*(live>>longMatch&1)<<4 | m.matched[1]*(live>>shortMatch&1)
	case setOrder0:
		row = m.c0
	case setField, setSkeleton, setKey:
		row |= m.bit
	case setTemplate:
		if live>>templateMatch&1 == 1 {
			row |= m.templateRow | live>>templateOlder&1<<8
		}
		row |= m.bit
	case setToken:
		row |= (live>>copyMatch&1 | live>>forecastMatch&1<<1 | live>>digitMatch&1<<2 | live>>lineMatch&1<<3) << 7
	case setVotes:
		row = m.voters.votes[0]*11 + m.voters.votes[1]
	case setOrders:
		row = m.knownOrder()<<8 | m.c0
	}
	return row
}

// knownOrder is the last of the first 8 contexts, of rising order, that knows these bits.
func (m *model) knownOrder() uint32 {
	return uint32(bits.Len64(binary.LittleEndian.Uint64(m.states[:])|1)-1) / 8
}

const finalRows = 256 + 256 + 512

// chooseFinal are the rows of the last mixers, of a block each.
func (m *model) chooseFinal() [finalSets]int32 {
	a := m.matched[0]*(m.voters.live>>longMatch&1) | m.voters.live>>templateMatch&1<<4
	return [finalSets]int32{int32(m.c0), int32(256 + a<<3 | m.bit), int32(512 + uint32(m.line.field)<<3 | m.bit)}
}

// startCurves finds the curves of the next bit in the APMs, and asks for them.
func (m *model) startCurves() {
	mask := uint32(1)<<m.apmBits - 1
	at := m.apmAt[:m.curves]
	at[0] = hash2(m.line.skeleton, m.c0) & mask * apmPoints
	if len(at) == apmCount {
		e := uint32(0)
		for _, i := range [...]int{longMatch, templateMatch, midMatch, shortMatch} {
			if m.voters.live>>i&1 == 1 {
				e = uint32(m.cursor.experts[i].byte) | 256
				break
			}
		}
		at[1] = (mask + 1 + (m.c0|e<<8&0xff00)&mask) * apmPoints
		at[2] = (2*(mask+1) + hash2(m.c4&0xffff, m.c0)&mask) * apmPoints
		at[3] = (3*(mask+1) + (m.c0|m.c4&255<<8)&mask) * apmPoints
	}
	prefetchCurves(m.apms, at)
}

// refine is the probability of which the mixers say s.
func (m *model) refine(s int32) uint32 {
	cell, w := apmCell(s)
	at, p := &m.apmAt, squash(s)
	var q [apmCount]uint32
	for i := range at[:m.curves] {
		q[i], at[i] = m.apms.refine(at[i]+cell, w)
	}
	if m.curves == 1 {
		p = 3*p + 5*q[0]
	} else {
		p += 2*q[0] + 2*q[1] + 2*q[2] + q[3]
	}
	return max(1, min(65535, (p+4)>>3))
}
