package salvage

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// Damage that hits the end of a frame and the beginning of the next one does not make the next one
// disappear: what can be saved of it is, and what cannot is a loss.
func TestDamagedBoundary(t *testing.T) {
	t.Run("lone", func(t *testing.T) { damagedBoundary(t, 50) })
	t.Run("indexed", func(t *testing.T) { damagedBoundary(t, format.MaxLone/10) })
}

func damagedBoundary(t *testing.T, lines int) {
	first, second := strings.Repeat("first frame\n", lines), strings.Repeat("second frame\n", lines)
	a := compress(t, nil, []byte(first), stream.WithLevel(1))
	b := compress(t, nil, []byte(second), stream.WithLevel(1))
	chunk := int(framesOf(t, a)[0].Chunks[0].Offset)
	tail, err := format.ReadTail(bytes.NewReader(a), int64(len(a)), 1<<20)
	if err != nil || tail == nil {
		t.Fatal(err)
	}
	index := int(tail.Index)
	last := max(index, len(a)-format.FooterSize-4)
	flip := func(d []byte, places ...int) {
		for _, at := range places {
			d[at] ^= 0x10
		}
	}
	fill := func(d []byte, from, to int, with byte) {
		for i := from; i < to; i++ {
			d[i] = with
		}
	}
	for _, padding := range []int{0, 1, 512} {
		next := len(a) + padding
		intact := bytes.Join([][]byte{a, make([]byte, padding), b}, nil)
		try := func(name string, saved string, damage func(d []byte)) {
			t.Helper()
			d := bytes.Clone(intact)
			damage(d)
			x, _, content := recovered(t, d)
			if saved != "" && string(content) != saved {
				t.Errorf("%s, %d bytes of padding: %d bytes of %d are saved; %+v", name, padding, len(content), len(saved), x)
			}
			if all := string(content) == first+second; !all && len(x.Losses) == 0 || x.Intact() {
				t.Errorf("%s, %d bytes of padding: %d bytes are saved, and there is no loss; %+v", name, padding, len(content), x)
			} else if all && padding == 0 && len(x.Losses) > 0 {
				t.Errorf("%s: all is saved, and lost is %v", name, x.Losses)
			}
		}
		for at := last; at < len(a); at++ {
			try("a byte of the end", first+second, func(d []byte) { flip(d, at) })
			for _, of := range []int{0, 3, 5} {
				saved := first + second
				if padding > 0 {
					saved = "" // where the header is, is not known
				}
				try("two bytes", saved, func(d []byte) { flip(d, at, next+of) })
			}
		}
		for n := 2; n <= 30; n++ {
			for _, with := range []byte{0, 0x55} {
				try("a run", "", func(d []byte) { fill(d, len(a)-n/2, next+(n+1)/2, with) })
				try("a run and a chunk", "", func(d []byte) {
					flip(d, chunk+9, chunk+14)
					fill(d, len(a)-n/2, next+(n+1)/2, with)
				})
			}
		}
		try("a chunk, and two bytes", second, func(d []byte) { flip(d, chunk+9, chunk+14, len(a)-1, next) })
		try("a chunk, and a whole end", "", func(d []byte) { fill(d, chunk, next+8, 0) })
		try("all from the footer on", first, func(d []byte) { fill(d, last+4, len(d), 0) })
		try("all from the index on", first, func(d []byte) { fill(d, index, len(d), 0) })
	}
}
