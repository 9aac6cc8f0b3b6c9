package mix

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

// TestLimits: the tables that all is computed with, and the parts of the model at the edges of what
// they tell apart, which texts hardly meet.
func TestLimits(t *testing.T) {
	var out bytes.Buffer
	sum := func(name string, of any) {
		h := fnv.New64a()
		fmt.Fprint(h, of)
		fmt.Fprintf(&out, "%s: %x\n", name, h.Sum64())
	}
	sum("squash", squashTable)
	sum("stretch", stretchTable)
	sum("stretch of 16 bits", fineTable())
	sum("costs", costTable())
	sum("next states", nextState)
	sum("counts of states", stateCount)
	sum("odds of states", stateOdds)
	sum("classes of bytes", byteClass)
	sum("bytes of tokens", isToken)

	for s := range setOrders + 1 {
		fmt.Fprintf(&out, "set %d: %d rows\n", s, s.size())
	}
	fmt.Fprintf(&out, "%d rows of the last mixers, %d sets of guesses\n", finalRows, guessSets)
	recent := []byte("the last of 40 bytes that are looked up:")
	for _, length := range []int{2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 20, 24} {
		m := matchTable{pos: make([]uint32, 1<<20), min: length}
		fmt.Fprintf(&out, "matches of %d bytes: %x\n", length, m.hash(recent, 0x6b656420, 0x75703a))
	}
	var confidences []uint32
	for _, misses := range []uint8{0, 1, 2, 4, 8, 9, 14, 15, 16, 128} {
		for length := range 430 {
			e := expert{length: length, misses: misses}
			confidences = append(confidences, e.confidence())
		}
	}
	sum("confidences", confidences)

	for _, text := range []string{
		"12:34:56", "12.34.56", "12:34.56", "12-34-56", "00:00:00", "59:59:59", "60:00:00", "09:60:00", "09:09:60", "0:/0:00", "12:34:5", "12:34:567",
		"/0:00:00", ":0:00:00", "0/:00:00", "0::00:00", "99:00:00", "19:29:39",
	} {
		fmt.Fprintf(&out, "clock %s: %d\n", text, clock([]byte(text)))
	}
	for _, n := range []int{0, 1, 9, 10, 17, 18, 19, 20, 23, 24, 25, 30} {
		text := []byte(strings.Repeat("1234567890", 3)[:n] + "x")
		fmt.Fprintf(&out, "%d digits: %d, %d\n", n, number(text), digitsAt(text))
	}
	for _, lines := range [][3]string{ // two lines, and where the text of the third agrees with the second
		{"10:00:00 a 7\n", "10:00:09 a 9\n", "23:59:59 a "}, {"10:00:00 a 7\n", "22:00:01 a 9\n", "10:00:00 a "}, {"a 7\n", "a 9\n", "a "},
		{"a 007\n", "a 009\n", "a "}, {"a 98\n", "a 99\n", "a "}, {"a 999999998\n", "a 999999999\n", "a "}, {"a 1\n", "a 999999999\n", "a "},
		{"a 9\n", "a 3\n", "a "}, {"a 0999999998\n", "a 999999999\n", "a "}, {"a 5000000000\n", "a 7\n", "a "}, {"a 1234567890 \n", "a 1234567899 \n", "a "},
		{"x 00:00:00 1234567890\n", "x 00:00:07 1234567890\n", "x 00:00:09 "}, {"x 00:00:00 1\n", "x 00:00:07 12345678901234567890\n", "x 00:00:09 "},
		{"x 00:00:00 1\n", "x 00:00:07 1234567890123456789\n", "x 00:00:09 "}, {"x 00:00:00 1\n", "x 00:00:07 01:02:03\n", "x 12:00:09 "},
		{"x 00:00:00 1\n", "x 00:00:00 01:00:00\n", "x 12:00:00 "}, {"x 00:00:00 1\n", "x 00:00:00 1234567890\n", "x 09:00:00 "},
		{"x 00:00:00 1\n", "x 00:00:00 1234567890\n", "x 12:00:00 "}, {"x 00:00:00 1\n", "x 00:00:00 1234567890\n", "x 12:00:01 "},
	} {
		text := []byte(lines[0] + lines[1] + lines[2])
		var f forecast
		f.now = -1
		start := 0
		for i, c := range text {
			f.add(text[:i+1], c, start)
			if c == '\n' {
				start = i + 1
			}
		}
		f.visit(text, len(lines[0])+len(lines[2]), len(lines[2]))
		fmt.Fprintf(&out, "%q goes on with %q\n", text, f.text[:f.n])
	}
	for _, v := range [][2]uint64{
		{0, math.MaxUint64}, {1, math.MaxUint64}, {1, 1}, {1, 2}, {1 << 56, 1<<56 + 1}, {1<<56 + 1, 1<<57 + 5}, {1<<63 + 3, 1<<63 + 3},
		{1<<63 + 0x100, 1<<63 + 0x1ff}, {1<<63 + 0x101, 1<<63 + 0x1ff}, {1<<63 + 0x101, 1<<63 + 0x200}, {0xff00000000000001, math.MaxUint64},
	} {
		value, n := tail(v[0], v[1])
		fmt.Fprintf(&out, "tail of %x to %x: %x, %d bytes\n", v[0], v[1], value, n)
	}
	for _, v := range []uint64{0x8000000000000100, 0x0102030405060700, 0x0102030400000000} {
		e := bitEncoder{low: v, high: v}
		fmt.Fprintf(&out, "end at %x: % x\n", v, e.finish())
	}
	first := forecast{now: -1}
	for i, text := 0, []byte("12:34:56"); i < len(text); i++ {
		first.add(text[:i+1], text[i], 0)
	}
	fmt.Fprintf(&out, "a time that a chunk begins with: %d\n", first.now)
	m := matchTable{pos: make([]uint32, 1<<10), min: 6}
	var e expert
	for i, text := 0, bytes.Repeat([]byte("a line that is longer than what is looked at again"), 2); i < len(text); i++ {
		e = expert{}
		if now := text[:i+1]; i >= 8 {
			m.visit(&e, now, binary.BigEndian.Uint32(now[i-7:]), binary.BigEndian.Uint32(now[i-3:]))
		}
	}
	fmt.Fprintf(&out, "a match that is found late: %d bytes at %d\n", e.length, e.ptr)
	for _, n := range []int{253, 254, 255} {
		c := copies{source: make([]uint8, copySources), n: n}
		c.endToken(0x01020304, 7, 3)
		fmt.Fprintf(&out, "token %d of a line: %d of them\n", n, c.n)
	}
	for _, n := range []int{10, 63, 64, 65, 66, 70} {
		text := []byte(" " + strings.Repeat("t", n) + " and more")
		e := expert{ptr: 1, length: 20}
		e.align(text, ' ')
		fmt.Fprintf(&out, "a token of %d bytes that is skipped: at %d\n", n, e.ptr)
	}
	golden.Stored(t, filepath.Join("testdata", "limits.golden"), out.Bytes())
}
