package kvcache

import (
	"strconv"
	"testing"
)

// The bounds of policies, and the unit of costs, are part of the format.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		policy Policy
		want   bool
	}{
		{Policy{Window: 3}, false}, {Policy{Window: 4}, true}, {Policy{Window: 1 << 20}, true}, {Policy{Window: 1<<20 + 1}, false},
		{Policy{Window: 9, Overlap: 1}, false}, {Policy{Reset: 1, Window: 9, Overlap: 4}, true}, {Policy{Reset: 1, Window: 9, Overlap: 5}, false},
		{Policy{Reset: 1, Window: 10, Overlap: 4}, true}, {Policy{Reset: 1, Window: 10, Overlap: 5}, false},
		{Policy{Reset: 2, Window: 9, Bits: 1}, true}, {Policy{Reset: 2, Window: 9}, false}, {Policy{Reset: 1, Window: 9, Bits: 1}, false},
		{Policy{Reset: 3, Window: 9}, false},
	} {
		if err := c.policy.Validate(); (err == nil) != c.want {
			t.Errorf("%+v: %v", c.policy, err)
		}
	}
	if strconv.IntSize == 64 {
		most := 1 << (strconv.IntSize / 2)
		if (Policy{Reset: 2, Window: 9, Bits: most}).Validate() != nil || (Policy{Reset: 2, Window: 9, Bits: most + 1}).Validate() == nil {
			t.Error("resets after 2^32 bits are the last that there are")
		}
	}
	w, err := NewWindow(Policy{Reset: EqualInfo, Window: 64, Overlap: 2, Bits: 10}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for token := range int32(40) {
		pos, _ := w.Next(5)
		if reset := token > 0 && token%10 == 0; (pos == 0) != reset {
			t.Errorf("token %d of one bit each is fed at %d", token, pos)
		}
		w.Spend(1 << 16)
	}
}
