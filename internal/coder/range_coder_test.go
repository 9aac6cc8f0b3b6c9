package coder

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

type symbol struct{ cum, freq, total uint64 }

// reference codes with the lower end as one integer of any size, and so without carries.
func reference(symbols []symbol) []byte {
	low := new(big.Int)
	width := uint64(math.MaxUint64)
	shifts := 0
	for _, s := range symbols {
		unit := width / s.total
		low.Add(low, new(big.Int).Mul(new(big.Int).SetUint64(unit), new(big.Int).SetUint64(s.cum)))
		if s.cum+s.freq == s.total {
			width -= unit * s.cum
		} else {
			width = unit * s.freq
		}
		for width < 1<<56 {
			low.Lsh(low, 8)
			width <<= 8
			shifts++
		}
	}
	low.Add(low, big.NewInt(1<<56-1))
	low.Rsh(low, 56)
	return low.FillBytes(make([]byte, shifts+1))
}

func encode(dst []byte, symbols []symbol) []byte {
	var e RangeEncoder
	e.Reset(dst)
	for _, s := range symbols {
		e.Encode(s.cum, s.freq, s.total)
	}
	return e.Flush()
}

// checkRange compares with the reference, decodes, and bounds the size.
func checkRange(t *testing.T, symbols []symbol) {
	t.Helper()
	payload := encode([]byte("head"), symbols)
	payload, ok := bytes.CutPrefix(payload, []byte("head"))
	if !ok {
		t.Fatal("a carry went into what was there before")
	}
	if want := reference(symbols); !bytes.Equal(payload, want) {
		t.Fatalf("%d symbols give %x, want %x", len(symbols), payload, want)
	}
	ideal := 0.0
	var d RangeDecoder
	if err := d.Reset(payload); err != nil {
		t.Fatal(err)
	}
	for i, s := range symbols {
		if target := d.Target(s.total); target < s.cum || target >= s.cum+s.freq {
			t.Fatalf("symbol %d: target %d, want %d to %d", i, target, s.cum, s.cum+s.freq-1)
		}
		if err := d.Consume(s.cum, s.freq, s.total); err != nil {
			t.Fatal(err)
		}
		// Rounding takes less than total of at least 2^56 numbers.
		ideal += math.Log2(float64(s.total)/float64(s.freq)) - math.Log2(1-float64(s.total)/(1<<56))
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got := float64(len(payload)); got > ideal/8+1+1e-6 {
		t.Fatalf("%v bytes for %v bits", got, ideal)
	}
	for _, other := range [][]byte{payload[:len(payload)-1], append(bytes.Clone(payload), 0)} {
		if decodes(other, symbols) {
			t.Fatalf("decodes %x, the payload is %x", other, payload)
		}
	}
}

// decodes reports whether the payload is exactly that of the symbols.
func decodes(payload []byte, symbols []symbol) bool {
	var d RangeDecoder
	if d.Reset(payload) != nil {
		return false
	}
	for _, s := range symbols {
		if target := d.Target(s.total); target < s.cum || target >= s.cum+s.freq {
			return false
		}
		if d.Consume(s.cum, s.freq, s.total) != nil {
			return false
		}
	}
	return d.Close() == nil
}

func TestRangeCoderAgainstBigInt(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	kinds := map[string]func() symbol{
		"any total": func() symbol {
			total := 1 + rng.Uint64N(1<<(1+rng.UintN(50)))
			cum := rng.Uint64N(total)
			return symbol{cum, 1 + rng.Uint64N(total-cum), total}
		},
		"greatest total, rare":     func() symbol { return symbol{rng.Uint64N(maxRangeTotal), 1, maxRangeTotal} },
		"greatest total, frequent": func() symbol { return symbol{1, maxRangeTotal - 1, maxRangeTotal} },
		"last":                     func() symbol { return symbol{maxRangeTotal - 1, 1, maxRangeTotal} },
		"first":                    func() symbol { return symbol{0, 1, maxRangeTotal} },
		"certain":                  func() symbol { return symbol{0, 7, 7} },
		"bit":                      func() symbol { return symbol{rng.Uint64N(2), 1, 2} },
		// Runs of 0xff bytes, which a carry may yet turn: the middle of the interval, within a
		// little.
		"carries": func() symbol { return symbol{127 + rng.Uint64N(2), 1, 256} },
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			for n := range 300 {
				symbols := make([]symbol, n)
				for i := range symbols {
					symbols[i] = kind()
				}
				checkRange(t, symbols)
			}
		})
	}
}

// TestLongCarry makes a carry run through bytes of 0xff.
func TestLongCarry(t *testing.T) {
	var symbols []symbol
	for range 1000 { // towards one half from below
		symbols = append(symbols, symbol{0, 1 << 30, 1<<30 + 1})
	}
	symbols = append(symbols, symbol{0, 1, 2})
	for range 1000 {
		symbols = append(symbols, symbol{255, 1, 256})
	}
	symbols = append(symbols, symbol{1 << 40, 1, 1<<40 + 1})
	checkRange(t, symbols)
	carried := false
	var e RangeEncoder
	e.Reset(nil)
	for _, s := range symbols {
		before := bytes.Clone(e.dst)
		e.Encode(s.cum, s.freq, s.total)
		carried = carried || !bytes.HasPrefix(e.dst, before)
	}
	before := bytes.Clone(e.dst)
	if !carried && bytes.HasPrefix(e.Flush(), before) {
		t.Error("no carry: the test tests nothing")
	}
}

func FuzzRangeCoder(f *testing.F) {
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 240))
	f.Add(bytes.Repeat([]byte{0}, 240))
	f.Fuzz(func(t *testing.T, data []byte) {
		var symbols []symbol
		for ; len(data) >= 24; data = data[24:] {
			total := 1 + binary.LittleEndian.Uint64(data)%maxRangeTotal
			cum := binary.LittleEndian.Uint64(data[8:]) % total
			symbols = append(symbols, symbol{cum, 1 + binary.LittleEndian.Uint64(data[16:])%(total-cum), total})
		}
		checkRange(t, symbols)
	})
}

// FuzzRangeDecoder decodes arbitrary bytes as symbols of a fixed distribution until the payload is
// used up; what has been read, encoded again, must be decoded alike.
func FuzzRangeDecoder(f *testing.F) {
	f.Add([]byte{}, uint64(1<<20))
	f.Add([]byte("hello, world"), uint64(3))
	f.Add(bytes.Repeat([]byte{0xff}, 9), uint64(maxRangeTotal))
	f.Fuzz(func(t *testing.T, payload []byte, total uint64) {
		total = 2 + total%(maxRangeTotal-1)
		var d RangeDecoder
		if err := d.Reset(payload); err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		var symbols []symbol
		half := total / 2
		for range 16*len(payload) + 160 { // of at least log2(3/2) bits
			s := symbol{0, half, total}
			if d.Target(total) >= half {
				s = symbol{half, total - half, total}
			}
			if err := d.Consume(s.cum, s.freq, s.total); err != nil {
				if !errors.Is(err, ErrCorrupt) {
					t.Fatal(err)
				}
				return
			}
			symbols = append(symbols, s)
			if d.Close() == nil {
				checkRange(t, symbols)
			}
		}
		t.Fatal("the payload never ends")
	})
}

func BenchmarkRangeEncoder(b *testing.B) {
	var e RangeEncoder
	e.Reset(nil)
	for i := 0; b.Loop(); i++ {
		if i%1000 == 0 {
			e.Reset(e.dst[:0])
		}
		e.Encode(1<<30, 1<<40, 1<<42)
	}
}

// TestRangeDecoderEnds: a payload of n bytes holds at most n-1 symbols of a byte each, and none
// begins with the number 1.
func TestRangeDecoderEnds(t *testing.T) {
	var d RangeDecoder
	for n := 1; n < 20; n++ {
		if err := d.Reset(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		for i := 1; i <= n; i++ {
			if err := d.Consume(d.Target(256), 1, 256); errors.Is(err, ErrCorrupt) != (i == n) {
				t.Fatalf("symbol %d of a payload of %d bytes: %v", i, n, err)
			}
		}
	}
	for _, payload := range [][]byte{{}, bytes.Repeat([]byte{0xff}, 8), bytes.Repeat([]byte{0xff}, 20)} {
		if err := d.Reset(payload); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%x: %v", payload, err)
		}
	}
}
