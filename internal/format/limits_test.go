package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"path/filepath"
	"sort"
	"strconv"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// most is the largest number from 0 to limit for which ok holds, -1 if there is none.
func most(limit int, ok func(n int) bool) int {
	return sort.Search(limit+1, func(n int) bool { return !ok(n) }) - 1
}

func sealed(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, Castagnoli))
}

// TestLimits: what readers take and refuse is part of the format, too.
func TestLimits(t *testing.T) {
	var out bytes.Buffer
	say := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }

	header := func(h *Header) bool {
		_, err := ReadHeader(NewRecorder(bytes.NewReader(AppendHeader(nil, h)), 16))
		return err == nil
	}
	window := kvcache.Policy{Reset: kvcache.Overlap, Window: 64, Overlap: 16}
	say("class of at most %d bytes", most(1000, func(n int) bool {
		return header(&Header{ChunkSize: 9, Model: &lm.ModelID{Class: "c" + string(make([]byte, max(0, n-1)))}, Window: window})
	}))
	named := AppendHeader(nil, &Header{ChunkSize: 9, Model: &lm.ModelID{Class: "c", Name: string(bytes.Repeat([]byte("n"), 1000))}, Window: window})
	h, err := ReadHeader(NewRecorder(bytes.NewReader(named), 16))
	if err != nil {
		t.Fatal(err)
	}
	say("name of a model: cut to %d bytes", len(h.Model.Name))
	say("chunks of at most %d bytes", most(1<<31-2, func(n int) bool { return header(&Header{ChunkSize: max(1, n)}) }))
	say("level of mix: at most %d", most(200, func(n int) bool {
		_, err := parseHeader([]byte{FieldChunkSize, 1, 9, fieldMix, 1, byte(max(1, n))})
		return err == nil
	}))
	say("kinds of windows: at most %d", most(9, func(n int) bool {
		p := kvcache.Policy{Reset: kvcache.Reset(n), Window: 64}
		if n == int(kvcache.EqualInfo) {
			p.Bits = 1
		}
		return header(&Header{ChunkSize: 9, Model: &lm.ModelID{Class: "c"}, Window: p})
	}))
	if strconv.IntSize == 64 {
		for bits, want := range map[uint64]bool{1 << 32: true, 1<<32 + 1: false, 1<<40 + 1: false} {
			if _, err := parseWindow(binary.AppendUvarint([]byte{2, 64, 0}, bits)); (err == nil) != want {
				t.Errorf("window of %d bits: %v", bits, err)
			}
		}
	}
	say("fields of a header: at most %d bytes", most(1<<18, func(n int) bool {
		fields := AppendField(nil, FieldChunkSize, []byte{9})
		if n < len(fields)+6 {
			return true
		}
		value := n - len(fields) - 1 - 3
		if value < 1<<14 {
			return true
		}
		fields = AppendField(fields, 2, make([]byte, value))
		b := append([]byte(HeaderMagic), Version)
		b = append(binary.AppendUvarint(b, uint64(len(fields))), fields...)
		_, err := ReadHeader(NewRecorder(bytes.NewReader(sealed(b)), 16))
		return len(fields) == n && err == nil
	}))
	say("extension of a chunk: at most %d bytes", most(1<<18, func(n int) bool {
		if n < 1<<15 {
			return true
		}
		ext := AppendField(nil, 4, make([]byte, n-4))
		b := []byte{0, 0, 0}
		b = append(append(binary.AppendUvarint(b, uint64(len(ext))), ext...), make([]byte, 4+CheckSize)...)
		_, err := ReadChunkHeader(bytes.NewReader(b), TagChunk|TagExtended, 9)
		return len(ext) == n && err == nil
	}))
	for shift := range 64 {
		b := binary.AppendUvarint(nil, 1<<shift)
		v, _, cut := CutUvarint(b)
		w, err := readUvarint(bytes.NewReader(b), 1<<63-1, "number")
		aux := AppendAuxiliary(nil, 1<<shift&^1, nil)
		say("2^%d: %v %v, %v %v; auxiliary record %v", shift, cut, v == 1<<shift, err == nil, w == 1<<shift, AuxiliarySize(aux) == len(aux))
	}
	for _, b := range [][]byte{{0x80, 0}, {0xff, 0}, {0x80, 0x80, 1}, {0}, {0x7f}, bytes.Repeat([]byte{0xff}, 10),
		binary.AppendUvarint(nil, 1<<63-1), binary.AppendUvarint(nil, 1<<63)} {
		_, _, cut := CutUvarint(b)
		_, err := readUvarint(bytes.NewReader(b), math.MaxUint64, "number")
		say("number % x: %v %v", b, cut, err == nil)
	}

	whole := AppendHeader(nil, &Header{ChunkSize: 9})
	for n := range len(whole) + 2 {
		if got := HeaderSize(append(whole[:len(whole):len(whole)], 0, 0)[:n]); got > 0 != (n >= len(whole)) || got > 0 && got != len(whole) {
			t.Errorf("%d bytes of a header of %d: %d", n, len(whole), got)
		}
	}

	// Filters.
	for letters := range gram.MaxStep + 2 {
		for _, digits := range []int{0, 7, 8, 9} {
			c := ChunkFilter{Filter: gram.Filter{{Step: letters, Width: letters % 9, Bits: []byte{1, 2, 3}}, {Step: 5, Width: digits, Bits: []byte{4, 5}}}, Ends: letters%2 == 0}
			group, err := ParseFilters(AppendFilters(nil, 16, []ChunkFilter{c, c}), 16, 2)
			if letters > 112 || digits > 8 {
				if !errors.Is(err, ErrCorrupt) {
					t.Errorf("filter %v: %v", c, err)
				}
				continue
			}
			if err != nil || len(group) != 2 || fmt.Sprint(group[1]) != fmt.Sprint(c) {
				t.Errorf("filter %v comes back as %v: %v", c, group, err)
			}
		}
	}
	filters := func(size, count int) bool {
		group := make([]ChunkFilter, count)
		for i := range group {
			group[i].Filter = gram.Filter{{Bits: make([]byte, size)}, {Bits: make([]byte, size)}}
		}
		b := AppendAuxiliary(nil, AuxFilter, AppendFilters(nil, 1<<40, group))
		got, offset, n := ReadFilters(bytes.NewReader(append(AppendAuxiliary(nil, 8, nil), b...)), 0, int64(len(b)+7), 1<<40, int64(count))
		return len(got) == count && offset == 7 && n == int64(len(b))
	}
	say("table of a filter: at most %d bytes", most(1<<18, func(n int) bool { return filters(n, 1) }))
	say("tables of a group: at most %d bytes", most(1<<18, func(n int) bool { return filters(n, GroupSize) }))
	say("bytes in front of a chunk: %d", FilterContext)

	// Records and indexes.
	for _, shift := range []uint32{0, 1, 2047, 4095, 4096, 8000} {
		r := RecordHeader{Check: (ChunkCheck([]byte("head"), []byte("payload"), 0) + shift) & CheckMask}
		say("chunk %d in the place of chunk 0: %v", shift, r.verifyCheck([]byte("head"), []byte("payload"), 0))
	}
	for _, n := range []int{0, 1, 15, 16, 17, 32, 33, 40} {
		x := Index{ChunkSize: 300}
		x.Auxiliary(20)
		for i := range n {
			x.Chunk(int64(40+i), 200+i, i)
			if i%16 == 15 {
				x.Auxiliary(9)
			}
		}
		all := append(make([]byte, 11+int(x.Total.Records)), AppendIndex(nil, &x, 11)...)
		tail, err := ReadTail(bytes.NewReader(all), int64(len(all)), 1<<20)
		if err != nil || tail == nil {
			t.Fatal(tail, err)
		}
		places, err := tail.Places(300, 11)
		say("%d chunks: index % x; %v %v, memory %d", n, all[11+x.Total.Records:], places, err, tail.Memory())
	}
	least := sort.Search(100, func(records int) bool {
		x := Index{ChunkSize: 300}
		x.Chunk(int64(records), 1, 0)
		all := append(make([]byte, 11+records), AppendIndex(nil, &x, 11)...)
		tail, err := ReadTail(bytes.NewReader(all), int64(len(all)), 1<<20)
		if err != nil || tail == nil {
			return false
		}
		_, err = tail.Places(300, 11)
		return err == nil
	})
	say("fewest bytes of a record: %d", least)
	for _, v := range [][4]uint64{
		{11, 0, 1<<62 - 1, 0}, {11, 0, 1 << 62, 0}, {11, 0, 1<<62 + 1, 0}, {12, 0, 0, 0}, {11, 2, 1, 0}, {11, 2, 2, 0}, {11, 1, 3, 3},
		{11, 1, 3, 4}, {11, 300, 300, 4}, {10, 0, 0, 0},
	} {
		var body []byte
		for _, n := range v {
			body = binary.AppendUvarint(body, n)
		}
		b := sealed(append([]byte{TagIndex, byte(len(body))}, body...))
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(b))), FooterMagic...)
		b = append(make([]byte, 11), b...)
		tail, err := ReadTail(bytes.NewReader(b), int64(len(b)), 1<<20)
		say("index of %d: %v, %v", v, tail != nil, err)
	}
	golden.Stored(t, filepath.Join("testdata", "limits.golden"), out.Bytes())
}

// Reversed varints of all lengths come back, and no others are taken.
func TestReversedLimits(t *testing.T) {
	for _, v := range []uint64{0, 1, 127, 128, 129, 255, 256, 1<<14 - 1, 1 << 14, 1<<14 + 128, 1 << 21, 1<<28 - 1} {
		got, rest, ok := cutReversed(appendReversed([]byte("ab"), v))
		if got != int64(v) || string(rest) != "ab" || !ok {
			t.Errorf("%d: %d, %q behind, %v", v, got, rest, ok)
		}
	}
	for _, b := range [][]byte{{}, {0x80}, {0, 0x80}, {0, 0x81}, {1, 0x80, 0x80, 0x80, 0x80}} {
		if v, _, ok := cutReversed(b); ok {
			t.Errorf("%x is %d", b, v)
		}
	}
}
