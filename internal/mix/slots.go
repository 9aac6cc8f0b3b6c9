package mix

import "encoding/binary"

// The hash table of bit histories is an array of cache lines. A line has three slots and, in its
// last byte, the number of the slot used last. A slot holds the 15 histories of one nibble in one
// context:
//
//	0..1   check
//	2..5   unused
//	6..20  histories; that of node n at 5+n
//
// Nodes are 1, then 1x, 1xx, 1xxx: the bits of the nibble so far behind a leading 1.
const (
	lineSize  = 64
	slotSize  = 21
	slotNodes = 5
	slotMRU   = 63
)

// findLinesGeneric gives where the lines of slots with these hashes begin, in a table of 2^bits
// lines, and the checks of the slots. salt tells nibbles of the same contexts from each other.
func findLinesGeneric(hashes []uint32, salt, bits uint32, at, checks []uint32) {
	at, checks = at[:len(hashes)], checks[:len(hashes)]
	for i, h := range hashes {
		h = spread(h, salt)
		at[i] = h * lineMul >> (32 - bits) * lineSize
		checks[i] = h&0xffff | 1
	}
}

// spread is the hash of a nibble, by its salt and the hash of its context.
func spread(h, salt uint32) uint32 {
	h = (h + salt) * slotMul
	return h ^ h>>15
}

const (
	slotMul = 0x9e3779b1
	lineMul = 0x85ebca6b
)

// findSlotsGeneric is findSlot for lines that begin at the offsets at.
func findSlotsGeneric(t []byte, at, checks, slots []uint32) {
	checks, slots = checks[:len(at)], slots[:len(at)]
	for i, line := range at {
		slots[i] = findSlot(t, line, uint16(checks[i]))
	}
}

// findSlot is the offset in t of the slot with this check in the line that begins at t[at:]. When
// there is none, it takes the slot with the least seen of the two that were not used last and
// clears it.
func findSlot(t []byte, at uint32, check uint16) uint32 {
	l := (*[lineSize]byte)(t[at:])
	is := func(i int) uint32 { // 1 if slot i has the check
		return (uint32(binary.LittleEndian.Uint16(l[i*slotSize:])^check) - 1) >> 31
	}
	second, third := is(1), is(2)
	if is(0)|second|third == 1 { // which of them is hard to foresee
		i := second | third<<1
		l[slotMRU] = byte(i)
		return at + i*slotSize
	}
	var a, b uint32
	switch l[slotMRU] {
	case 0:
		a, b = 1, 2
	case 1:
		a, b = 0, 2
	default:
		a, b = 0, 1
	}
	if stateCount[l[b*slotSize+slotNodes+1]] < stateCount[l[a*slotSize+slotNodes+1]] {
		a = b
	}
	s := (*[slotSize]byte)(l[a*slotSize:])
	*s = [slotSize]byte{}
	binary.LittleEndian.PutUint16(s[:], check)
	l[slotMRU] = byte(a)
	return at + a*slotSize
}
