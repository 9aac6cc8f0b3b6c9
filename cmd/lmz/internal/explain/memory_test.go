package explain

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/lmz-go/lmz/internal/cost"
)

// What is kept does not grow with the text, however many templates, keys, values and long lines it
// has.
func TestMemoryIsBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, 1+rng.IntN(12))
		for i := range b {
			b[i] = byte('a' + rng.IntN(26))
		}
		return string(b)
	}
	c := NewCollector()
	costs := make([]cost.Byte, 1<<16)
	for i := range costs {
		costs[i] = cost.Byte{Bits: 1}
	}
	var line []byte
	total, heap := 0, uint64(0)
	for total < 24<<20 {
		line = line[:0]
		switch rng.IntN(4) {
		case 0: // words that no other line has
			for range 1 + rng.IntN(60) {
				line = append(line, word()+" "...)
			}
		case 1: // keys that no other line has
			line = append(line, '{')
			for range 1 + rng.IntN(20) {
				line = fmt.Appendf(line, "%q:%d,", word(), rng.Uint64())
			}
			line = append(line, `"":""}`...)
		case 2: // text in values, of other keys
			line = fmt.Appendf(line, `%s="%s %s %d %s"`, word(), word(), word(), rng.Uint64(), word())
		case 3: // no line end for long
			for range rng.IntN(20_000) {
				line = append(line, byte(rng.Uint32())|0x80)
			}
		}
		line = append(line, '\n')
		c.Add(line, costs[:len(line)])
		if total += len(line); heap == 0 && total > 12<<20 {
			heap = inUse()
		}
	}
	if grown := int64(inUse()) - int64(heap); grown > 8<<20 {
		t.Errorf("behind 12 MiB of text %d bytes are in use, behind 24 MiB %d more", heap, grown)
	}
	s := c.sorter
	if len(s.all) > maxTemplates || len(c.parser.names) > maxNames || len(s.named) > maxNames+1 || len(s.inner) > maxInner || len(s.learnt) > maxLearnt {
		t.Errorf("%d templates, %d names, %d named fields, %d texts", len(s.all), len(c.parser.names), len(s.named), len(s.inner))
	}
	r := c.Report()
	checkSums(t, r)
	if len(r.Curve) > mostPoints || len(r.excerpts) > mostExcerpts || len(r.Costliest) > topLines {
		t.Errorf("%d points, %d excerpts, %d lines", len(r.Curve), len(r.excerpts), len(r.Costliest))
	}
	runtime.KeepAlive(c)
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Excerpts are pieces of the text, in order, and of a small one all of it.
func TestExcerpts(t *testing.T) {
	for _, n := range []int{0, 1, 500, 5000, 60_000, 700_000} {
		text := shopLog(n / 100)
		costs := make([]cost.Byte, len(text))
		for i := range costs {
			costs[i].Bits = float32(i % 7)
		}
		for _, step := range []int{1 + n/1000, 4096} {
			var e excerpts
			for at := 0; at < len(text); at += step {
				end := min(len(text), at+step)
				e.add(text[at:end], costs[at:end])
			}
			total, end := 0, int64(0)
			for _, p := range e.pieces {
				if p.offset < end || string(text[p.offset:][:len(p.text)]) != string(p.text) {
					t.Fatalf("%d bytes: the excerpt at %d is not of the text, or not behind %d", len(text), p.offset, end)
				}
				if p.offset > 0 && text[p.offset-1] != '\n' {
					t.Errorf("%d bytes: the excerpt at %d does not begin with a line", len(text), p.offset)
				}
				for i, c := range p.costs {
					if c != costs[int(p.offset)+i] {
						t.Fatalf("%d bytes: wrong costs at %d", len(text), p.offset)
					}
				}
				end = p.offset + int64(len(p.text))
				total += len(p.text)
			}
			if want := min(len(text), mostExcerpts*excerptSize/4); total < want {
				t.Errorf("%d bytes: excerpts have %d, want %d at least", len(text), total, want)
			}
			if len(text) <= mostExcerpts*excerptSize/2 && total != len(text) {
				t.Errorf("%d bytes: excerpts have %d, want all", len(text), total)
			}
			if last := len(e.pieces) - 1; last > 0 && int64(len(text))-e.pieces[last].offset > 2*e.stride {
				t.Errorf("%d bytes: the last excerpt is at %d", len(text), e.pieces[last].offset)
			}
		}
	}
}
