package stream

import (
	"bytes"
	"fmt"
	"path/filepath"
	"sort"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/internal/gram"
)

// TestLimits: what the Writer decides by sizes, at the sizes where it begins to decide otherwise.
func TestLimits(t *testing.T) {
	var out bytes.Buffer
	for _, n := range []int{8, 800, 8001, 100_000} {
		most := sort.Search(n, func(p int) bool { return !compresses(make([]byte, p), make([]byte, n)) }) - 1
		fmt.Fprintf(&out, "%d bytes: zstd is not tried up to %d of mix\n", n, most)
	}
	fmt.Fprintf(&out, "chunks of %d bytes are the least that zstd is tried on behind mix\n", minZstd)
	for _, level := range []int{1, 8, 9} {
		for _, payload := range []int{0, 99, 100, 20_200, 90_910} {
			least := sort.Search(1<<20, func(saved int) bool {
				w, err := NewWriter(&bytes.Buffer{}, letters, WithMethod(codec.Mix), WithLevel(level))
				if err != nil {
					t.Fatal(err)
				}
				task := &encodeTask{raw: make([]byte, 100_000), text: make([]byte, 100_000), payload: make([]byte, payload), saved: int64(saved)}
				task.header.Method = codec.Mix
				if err := w.decide(task); err != nil {
					t.Fatal(err)
				}
				return w.asks
			})
			fmt.Fprintf(&out, "level %d: a model that saved %d bits of %d bytes is named\n", level, least, payload)
		}
	}
	prose := golden.Text("prose", 1, 100_000)
	w, err := NewWriter(&bytes.Buffer{}, nil, WithMethod(codec.Mix), WithLevel(1), WithDictionary(prose[:20_000]))
	if err != nil {
		t.Fatal(err)
	}
	sorted := sort.Search(len(prose), func(n int) bool { return w.sorts(prose[:n]) })
	fmt.Fprintf(&out, "prose behind a dictionary of 20000 bytes is sorted from %d on\n", sorted)
	for _, lead := range []int{1, format.MaxLead, format.MaxLead + 1} {
		h := format.RecordHeader{Method: codec.Raw, Lead: lead, Raw: 1}
		_, err := format.ParseRecord(format.AppendChunk(nil, &h, 2<<20, 0, nil), 2<<20, 0)
		fmt.Fprintf(&out, "a lead of %d: %v\n", lead, err)
	}
	text := golden.Text("log", 9, 30_000)
	for _, payload := range []int{1, 49, 50, 98, 99, 100, 149, 150, 2399, 2400, 5000, 26_249, 26_250, 26_251} {
		for _, lone := range []bool{false, true} {
			task := &encodeTask{raw: text, payload: make([]byte, payload), share: filterShare, lone: lone}
			task.header.Method = codec.Mix
			fmt.Fprintf(&out, "payload of %d bytes, lone %v: filter of %s\n", payload, lone, tables(newChunkFilter(task).Filter))
		}
	}
	for shown, s := range []string{"no line end at all, not one", "a line\nand one more", "añ日🙂", "\n", "x\n"} {
		for n := 1; n <= 40; n++ {
			full := bytes.Repeat([]byte(s), 40)[:n]
			fmt.Fprintf(&out, " %d", cut(full))
		}
		fmt.Fprintf(&out, ": cuts of text %d at sizes from 1 on\n", shown)
	}
	for _, n := range []int{1, 31, 32, 33, 64, 127, 128, 129, 1024, 1025, 2048, 2080, 3072, 3073, 4095, 4096, 4097, 4128, 4129, 5000, 100_000, 262_144, 500_000} {
		for _, kind := range []uint64{format.AuxParity, format.AuxLoneParity} {
			data, parity, size := format.ParityShape(kind, n)
			fmt.Fprintf(&out, "record of %d bytes: parity of type %d: %d+%d of %d, %d in all\n", n, kind, data, parity, size, format.ParitySize(kind, n))
		}
	}
	least := sort.Search(1<<20, func(n int) bool {
		archive := compress(t, nil, make([]byte, n), WithMethod(codec.Raw), WithChunkSize(1<<20))
		return len(archive) > n+1000
	})
	fmt.Fprintf(&out, "a lone chunk of %d bytes gets parity\n", least)
	for _, limit := range []int{0, 1, 2, 3, 7, 31, 60, 200, 2000, 60_000} {
		fmt.Fprintf(&out, "limit of %d bytes: filter of %s\n", limit, tables(gram.Build(text[9997:10_000], text[10_000:], limit)))
	}
	golden.Stored(t, filepath.Join("testdata", "limits.golden"), out.Bytes())
}

// tables says how large those of a filter are.
func tables(f gram.Filter) string {
	return fmt.Sprintf("%d and %d bytes, steps %d and %d, widths %d and %d", len(f[0].Bits), len(f[1].Bits), f[0].Step, f[1].Step, f[0].Width, f[1].Width)
}
