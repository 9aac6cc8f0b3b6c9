package preset_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/internal/preset"
)

// What levels mean is what testdata/pins.txt says, but for the memory, which is an estimate. A
// change of any line is a change of the format, and has its line in CHANGELOG.md.
func TestPins(t *testing.T) {
	var out bytes.Buffer
	for level := range preset.Max + 2 {
		p := preset.Level(level)
		fmt.Fprintf(&out, "-%d: chunks of %d, model %d, price %d, in prose %d, prose sorted from %d\n",
			level, p.ChunkSize, p.Model, p.Price, p.InProse, p.Sorted)
	}
	fmt.Fprintf(&out, "default -%d, asked from %d\n", preset.Default, preset.LeastAsked)
	fmt.Fprintf(&out, "chunks of lm %d, of bwt %d, of others %d\n", preset.ModelChunkSize, preset.BWTChunkSize, preset.PlainChunkSize)
	for _, size := range []int{1, 1<<20 - 1, 1 << 20, 8 << 20, 8<<20 + 1, 16<<20 + 1} {
		fmt.Fprintf(&out, "primer of chunks of %d: %d, lead from %d in %d\n", size, preset.PrimerSize(size), preset.LeadLeast(size), preset.LeadView(size))
	}
	fmt.Fprintf(&out, "lead of %d at most, in front of %d of content\n", preset.MaxLead, preset.MinPrimer)
	golden.Stored(t, filepath.Join("testdata", "pins.txt"), out.Bytes())
}
