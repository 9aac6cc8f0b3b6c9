package main

import (
	"bytes"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/stream"
)

func TestSpan(t *testing.T) {
	type result struct {
		first, end int64
		all        bool
	}
	for _, tt := range []struct {
		unit unit
		text string
		n    int64
		want *result // nil: refused
	}{
		{bytesOfRange, "0:4", 10, &result{0, 4, true}},
		{bytesOfRange, "4:4", 10, &result{4, 4, true}},
		{bytesOfRange, "4:10", 10, &result{4, 10, true}},
		{bytesOfRange, "4:11", 10, &result{4, 10, false}},
		{bytesOfRange, "4:", 10, &result{4, 10, false}},
		{bytesOfRange, ":4", 10, &result{0, 4, true}},
		{bytesOfRange, ":", 10, &result{0, 10, false}},
		{bytesOfRange, "-4:", 10, &result{6, 10, false}},
		{bytesOfRange, "-14:", 10, &result{0, 10, false}},
		{bytesOfRange, ":-4", 10, &result{0, 6, false}},
		{bytesOfRange, "-4:-1", 10, &result{6, 9, false}},
		{bytesOfRange, "2:-4", 10, &result{2, 6, false}},
		{bytesOfRange, "8:-4", 10, &result{8, 8, false}},
		{bytesOfRange, "20:30", 10, &result{10, 10, false}},
		{bytesOfRange, "-0:", 10, &result{10, 10, false}},
		{bytesOfRange, ":-0", 10, &result{0, 10, false}},
		{bytesOfRange, "0:0", 10, &result{0, 0, true}},
		{bytesOfRange, "-9223372036854775808:9223372036854775807", 10, &result{0, 10, false}},
		{bytesOfRange, "4", 10, nil},
		{bytesOfRange, "4:2", 10, nil},
		{bytesOfRange, "-2:-4", 10, nil},
		{bytesOfRange, "a:b", 10, nil},
		{bytesOfRange, "1:2:3", 10, nil},
		{bytesOfRange, "1:99999999999999999999", 10, nil},
		{bytesOfRange, "", 10, nil},
		{linesOfRange, "1:4", 10, &result{0, 4, true}},
		{linesOfRange, "4:4", 10, &result{3, 4, true}},
		{linesOfRange, "4", 10, &result{3, 4, true}},
		{linesOfRange, "-1", 10, &result{9, 10, false}},
		{linesOfRange, "9:12", 10, &result{8, 10, false}},
		{linesOfRange, "11:12", 10, &result{10, 10, false}},
		{linesOfRange, "12:", 10, &result{10, 10, false}},
		{linesOfRange, "-3:", 10, &result{7, 10, false}},
		{linesOfRange, "-3:-2", 10, &result{7, 9, false}},
		{linesOfRange, ":-3", 10, &result{0, 8, false}},
		{linesOfRange, ":-30", 10, &result{0, 0, false}},
		{linesOfRange, ":3", 10, &result{0, 3, true}},
		{linesOfRange, "0:3", 10, nil},
		{linesOfRange, "1:0", 10, nil},
		{linesOfRange, "", 10, nil},
	} {
		s := span{unit: tt.unit}
		if err := s.Set(tt.text); (err == nil) != (tt.want != nil) {
			t.Errorf("%s of %q: %v", tt.unit, tt.text, err)
			continue
		}
		if tt.want == nil {
			continue
		}
		first, end := s.resolve(tt.n)
		if got := (result{first, end, s.within(tt.n)}); got != *tt.want {
			t.Errorf("%q of %d: %v, want %v", tt.text, tt.n, got, *tt.want)
		}
	}
}

// plainPart is what cat must write, as sed, head and tail do: what follows the last line end is a
// line.
func plainPart(content []byte, u unit, from, to *int64) []byte {
	var parts [][]byte // bytes or lines
	if u == linesOfRange {
		parts = bytes.SplitAfter(content, []byte{'\n'})
		if len(parts[len(parts)-1]) == 0 {
			parts = parts[:len(parts)-1]
		}
	} else {
		for i := range content {
			parts = append(parts, content[i:i+1])
		}
	}
	n := int64(len(parts))
	var out []byte
	for i, part := range parts {
		at := int64(i)
		if u == linesOfRange {
			at++
		}
		position := func(bound int64) int64 {
			if bound < 0 && u == linesOfRange {
				return n + 1 + bound
			} else if bound < 0 {
				return n + bound
			}
			return bound
		}
		if from != nil && at < position(*from) || to != nil && (at > position(*to) || u == bytesOfRange && at == position(*to)) {
			continue
		}
		out = append(out, part...)
	}
	return out
}

// Whatever the content and however it is cut, a range is what a plain program gives.
func TestPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var archive, content []byte
		for range rapid.IntRange(1, 3).Draw(t, "frames") {
			text := []byte(rapid.OneOf(rapid.StringMatching(`[ab\n]{0,40}`), rapid.StringMatching(`\n{0,9}`), rapid.StringMatching(`([a-z]{0,9}\n){0,6}`)).Draw(t, "text"))
			var z bytes.Buffer
			w, err := stream.NewWriter(&z, nil, stream.WithMethod(codec.Raw), stream.WithChunkSize(rapid.IntRange(1, 12).Draw(t, "chunkSize")))
			if err != nil {
				t.Fatal(err)
			}
			w.Write(text)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			archive, content = append(archive, z.Bytes()...), append(content, text...)
		}
		a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		for range 20 {
			u := rapid.SampledFrom([]unit{bytesOfRange, linesOfRange}).Draw(t, "unit")
			number := rapid.Int64Range(-20, 50)
			if u == linesOfRange {
				number = rapid.OneOf(rapid.Int64Range(-9, -1), rapid.Int64Range(1, 12))
			}
			bounds := rapid.Ptr(number, true)
			from, to := bounds.Draw(t, "from"), bounds.Draw(t, "to")
			text := func(n *int64) string {
				if n == nil {
					return ""
				}
				return strconv.FormatInt(*n, 10)
			}
			flag := text(from) + ":" + text(to)
			if u == linesOfRange && from != nil && rapid.Bool().Draw(t, "one") {
				flag, to = text(from), from
			}
			c := &catCommand{bytes: span{unit: bytesOfRange}, lines: span{unit: linesOfRange}}
			s := &c.bytes
			if u == linesOfRange {
				s = &c.lines
			}
			if s.Set(flag) != nil {
				continue // it begins behind its end
			}
			first, end, _, err := c.part(a)
			if err != nil {
				t.Fatalf("%s of %q: %v", flag, content, err)
			}
			if got, want := content[first:end], plainPart(content, u, from, to); !bytes.Equal(got, want) {
				t.Fatalf("%s %q of %q: %q, want %q", []string{"bytes", "lines"}[u], flag, content, got, want)
			}
		}
	})
}
