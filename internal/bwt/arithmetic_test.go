package bwt

import (
	"math/rand/v2"
	"testing"
)

// Bits of any probability come back, also where the interval stays around a byte's boundary for
// long.
func TestArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	ends := map[int]bool{}
	for range 30_000 {
		type event struct{ bit, p uint32 }
		events := make([]event, r.IntN(40))
		coder := newEncoder(nil)
		for i := range events {
			p := 1 + r.Uint32N(65535)
			bit := r.Uint32N(2)
			if trial := coder; r.IntN(8) > 0 { // the byte stays open if it can
				if trial.code(bit, p); len(trial.out) > len(coder.out) {
					bit ^= 1
				}
			}
			events[i] = event{bit, p}
			coder.code(events[i].bit, p)
		}
		_, n := coder.tail()
		ends[n] = true
		payload := coder.finish()
		decoder := newDecoder(payload)
		for i, e := range events {
			if bit := decoder.code(0, e.p); bit != e.bit {
				t.Fatalf("bit %d of %v is %d", i, events, bit)
			}
		}
		if !decoder.finished() || decoder.overrun() {
			t.Fatalf("%v does not end where it should", events)
		}
	}
	if !ends[0] || !ends[1] {
		t.Errorf("ends of %v bytes", ends)
	}
}
