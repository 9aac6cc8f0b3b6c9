package engine

import (
	"testing"

	"github.com/lmz-go/lmz/internal/format"
)

// What a frame needs grows with its chunks, up to the largest ones that there may be: twice their
// size is no int of 32 bits.
func TestNeedsOfLargestChunks(t *testing.T) {
	for level := 0; level <= 9; level++ {
		for _, primes := range []bool{false, true} {
			half := Needs{true, level, format.MaxChunkSize / 2, primes}
			whole := Needs{true, level, format.MaxChunkSize, primes}
			if half.tables() > whole.tables() || half.states() > whole.states() {
				t.Errorf("level %d, primes %v: chunks of %d bytes need tables of %d and states of %d, of %d bytes %d and %d",
					level, primes, half.Chunk, half.tables(), half.states(), whole.Chunk, whole.tables(), whole.states())
			}
		}
	}
}
