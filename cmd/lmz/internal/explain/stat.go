package explain

import (
	"bytes"
	"maps"
	"math"
	"unicode/utf8"

	"github.com/lmz-go/lmz/internal/cost"
)

const (
	maxDistinct  = 256 // values of a field that are told from each other
	maxPositions = 48  // bytes of a value whose costs are kept one by one
	maxLength    = 64
	sampleSize   = 120 // bytes of an example
)

// stat is what the values of a field have in common, and what they cost.
type stat struct {
	count, bytes   int64
	bits, saved    float64
	minLen, maxLen int
	filled         int64             // values that say something: neither empty nor "-"
	lengths        [maxLength]uint32 // how many of these have so many bytes, or more for the last
	shaped         [shapeKinds]int64 // how many of them have a shape
	mixed          int64             // how many hold both digits and letters
	distinct       map[uint64]struct{}
	many           bool // there are more distinct values than maxDistinct
	positions      [maxPositions]float64
	example        piece // an early value that costs about what they all do
	number         int64 // the last one
	rising         int64 // values that were no less than the one before

	fractionFrom, fractionTo int // of times: where the digits behind the seconds lie, as of the first value
}

// piece is a text and what its bytes cost.
type piece struct {
	text  []byte
	costs []cost.Byte
}

func keep(text []byte, costs []cost.Byte, most int) piece {
	n := len(text)
	if n > most {
		for n = most; n > most-utf8.UTFMax && !utf8.RuneStart(text[n]); n-- {
		}
	}
	return piece{bytes.Clone(text[:n]), append([]cost.Byte(nil), costs[:n]...)}
}

func (p piece) bits() (sum float64) {
	for _, c := range p.costs {
		sum += float64(c.Bits)
	}
	return sum
}

func (s *stat) add(value []byte, costs []cost.Byte) {
	if s.count == 0 {
		s.minLen, s.distinct = len(value), map[uint64]struct{}{}
		s.fractionFrom, s.fractionTo = fraction(value)
	}
	s.count++
	s.bytes += int64(len(value))
	sum := 0.0
	for i, c := range costs {
		sum += float64(c.Bits)
		s.saved += float64(c.Saved)
		if i < maxPositions {
			s.positions[i] += float64(c.Bits)
		}
	}
	s.bits += sum
	s.minLen, s.maxLen = min(s.minLen, len(value)), max(s.maxLen, len(value))
	if len(value) > 0 && string(value) != "-" {
		s.addShape(value)
	}
	if !s.many {
		s.distinct[hashOf(value)] = struct{}{}
		s.many = len(s.distinct) > maxDistinct
	}
	// Of the first values one that costs about what they do on average says most.
	if mean := s.bits / float64(s.count); s.count <= 64 && (s.count == 1 || math.Abs(sum-mean) < math.Abs(s.example.bits()-mean)) {
		s.example = keep(value, costs, sampleSize)
	}
}

// addShape takes a value that says something.
func (s *stat) addShape(value []byte) {
	s.filled++
	s.lengths[min(len(value), maxLength-1)]++
	shapes := shapeOf(value)
	for i := range s.shaped {
		if shapes>>i&1 != 0 {
			s.shaped[i]++
		}
	}
	seen := classesOf(value)
	if seen&isDigit != 0 && seen&(isLowerHex|isUpperHex|isLetter) != 0 {
		s.mixed++
	}
	if shapes&digits != 0 && len(value) < 19 {
		n := int64(0)
		for _, c := range value {
			n = 10*n + int64(c-'0')
		}
		if n >= s.number {
			s.rising++
		}
		s.number = n
	}
}

// mostly is which share of the values must have a form for it to be the field's: some logs have a
// broken line.
const mostly = 0.98

// is says whether the values have one of some shapes.
func (s *stat) is(any shape) bool {
	for i, n := range s.shaped {
		if any>>i&1 != 0 && s.filled > 0 && float64(n) >= mostly*float64(s.filled) {
			return true
		}
	}
	return false
}

// length is how many bytes the values have; false if they differ in that.
func (s *stat) length() (n int, same bool) {
	for n, count := range s.lengths[:maxLength-1] {
		if float64(count) >= mostly*float64(s.filled) && s.filled > 0 {
			return n, true
		}
	}
	return 0, false
}

// least is the length that nearly all values have at least.
func (s *stat) least() int {
	left := float64(s.filled)
	for n, count := range s.lengths {
		if left -= float64(count); left < mostly*float64(s.filled) {
			return n
		}
	}
	return 0
}

// merge adds what another stat says.
func (s *stat) merge(o *stat) {
	if s.count == 0 {
		*s = *o
		s.distinct = maps.Clone(o.distinct)
		return
	}
	s.count += o.count
	s.bytes += o.bytes
	s.bits += o.bits
	s.saved += o.saved
	s.minLen, s.maxLen = min(s.minLen, o.minLen), max(s.maxLen, o.maxLen)
	s.filled += o.filled
	for i, n := range o.lengths {
		s.lengths[i] += n
	}
	for i, n := range o.shaped {
		s.shaped[i] += n
	}
	s.mixed += o.mixed
	maps.Copy(s.distinct, o.distinct)
	s.many = s.many || o.many || len(s.distinct) > maxDistinct
	for i, bits := range o.positions {
		s.positions[i] += bits
	}
	s.rising += o.rising
	if o.fractionFrom != s.fractionFrom || o.fractionTo != s.fractionTo {
		s.fractionFrom, s.fractionTo = 0, 0
	}
}

// hashOf is FNV-1a, never 0.
func hashOf(v []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range v {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return max(h, 1)
}
