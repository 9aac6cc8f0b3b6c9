package mix

import (
	"math"
	"testing"
)

func TestLogistic(t *testing.T) {
	for x := int32(-stretchMax); x <= stretchMax; x++ {
		want := 65536 / (1 + math.Exp(-float64(x)/stretchUnit))
		if got := float64(squash(x)); math.Abs(got-want) > 1.01 || got < 1 || got > 65535 {
			t.Fatalf("squash(%d) = %v, want %v", x, got, want)
		}
	}
	for i, x := range stretchTable {
		p := uint32(i<<4 | 8)
		if squash(int32(x)) < p || squash(int32(x)-1) >= p {
			t.Fatalf("stretch(%d) = %d, between %d and %d", p, x, squash(int32(x)-1), squash(int32(x)))
		}
	}
}

func TestBitHistory(t *testing.T) {
	for s := range 256 {
		for y := range uint8(2) {
			if n := nextState[s][y]; n == 0 && stateCount[s] != 0 {
				t.Errorf("state %d forgets all at a %d", s, y)
			}
		}
	}
	var zeros, ones uint8
	for range 100 {
		zeros, ones = nextState[zeros][0], nextState[ones][1]
	}
	if stateOdds[zeros] > 1000 || stateOdds[ones] < 64500 || nextState[zeros][0] != zeros {
		t.Errorf("after 100 equal bits the odds are %d and %d", stateOdds[zeros], stateOdds[ones])
	}
}

func TestFindSlot(t *testing.T) {
	line := make([]byte, lineSize)
	a := findSlot(line, 0, 0x0101)
	var much uint8
	for range 9 {
		much = nextState[much][1]
	}
	line[a+slotNodes+1] = much
	for check := uint16(3); check < 99; check += 2 {
		if s := findSlot(line, 0, check); line[s+slotNodes+1] != 0 {
			t.Fatalf("the slot of %d is not clear", check)
		}
	}
	if s := findSlot(line, 0, 0x0101); s != a || line[s+slotNodes+1] != much {
		t.Error("a slot of much use gave way to slots of none")
	}
}
