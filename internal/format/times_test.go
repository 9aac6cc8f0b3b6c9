package format

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/lmz-go/lmz/internal/timestamp"
)

func TestTimesComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		c := timestamp.Range{Starts: r.IntN(2) == 0, Ends: r.IntN(2) == 0}
		for k := range timestamp.Kinds {
			for range r.IntN(3) {
				c.Add(timestamp.Stamp{Kind: timestamp.Kind(k), Nanos: r.Int64N(7e18)})
			}
		}
		got := parseTimes(appendTimes(nil, &c))
		if c.Empty() != (got == nil) || got != nil && *got != c {
			t.Fatalf("%+v, want %+v", got, c)
		}
		h := RecordHeader{Raw: 3, CRC32C: 5, Times: got}
		back, err := ParseRecord(AppendChunk(nil, &h, 10, 0, []byte("abc")), 10, 0)
		if err != nil || (back.Times == nil) != (got == nil) || got != nil && *back.Times != *got {
			t.Fatalf("%+v, %v, want %+v", back, err, got)
		}
	}
}

func FuzzTimes(f *testing.F) {
	var c timestamp.Range
	c.Add(timestamp.Stamp{Nanos: 1_700_000_000 * timestamp.Second})
	f.Add(appendTimes(nil, &c))
	f.Add([]byte{timesStart | timesEnd | 7, 1, 2, 3, 4, 5, 6})
	f.Fuzz(func(t *testing.T, value []byte) {
		r := parseTimes(value)
		if r == nil {
			return
		}
		for k := range timestamp.Kinds {
			if r.First[k] < 0 || r.Last[k] < r.First[k] || r.Last[k] > maxSeconds {
				t.Fatalf("%+v", r)
			}
		}
		if again := appendTimes(nil, r); !bytes.Equal(again, value) {
			t.Fatalf("% x came back as % x", value, again)
		}
	})
}

// What is wrong in the times of a chunk costs nothing but these.
func TestTimesWrong(t *testing.T) {
	for what, value := range map[string][]byte{
		"empty": {}, "none": {timesEnd}, "cut off": {1, 5}, "goes on": {1, 5, 5, 0}, "unknown flag": {1 | timesUnused, 5, 5},
		"late": {1, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0},
	} {
		if r := parseTimes(value); r != nil {
			t.Errorf("%s: %+v", what, r)
		}
		ext := AppendField(nil, fieldTimes, value)
		record := append([]byte{7, 0, 0, byte(len(ext))}, ext...)
		record = append(record, make([]byte, 4+CheckSize)...)
		if h, err := ReadChunkHeader(bytes.NewReader(record), TagChunk|TagExtended, 10); err != nil || h.Raw != 3 || h.Times != nil {
			t.Errorf("%s: %+v, %v", what, h, err)
		}
	}
}
