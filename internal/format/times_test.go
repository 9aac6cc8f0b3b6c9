package format

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/internal/timestamp"
)

func sectionOf(list []timestamp.Range, timeFormat string) []byte {
	fields, err := parseFields(AppendTimes(nil, timeFormat, list))
	if err != nil || len(fields) != 1 || fields[0].kind != sectionTimes {
		panic(err)
	}
	return fields[0].value
}

func TestTimesComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var list []timestamp.Range
		for range r.IntN(40) {
			c := timestamp.Range{Starts: r.IntN(2) == 0, Ends: r.IntN(2) == 0}
			for k := range timestamp.Kinds {
				if r.IntN(2) == 0 {
					c.Add(timestamp.Stamp{Kind: timestamp.Kind(k), Nanos: r.Int64N(7e18)})
					c.Add(timestamp.Stamp{Kind: timestamp.Kind(k), Nanos: r.Int64N(7e18)})
				}
			}
			list = append(list, c)
		}
		times, err := parseTimes(sectionOf(list, "%s"), int64(len(list)))
		if err != nil || times.Format != "%s" {
			t.Fatal(err)
		}
		for i, want := range list {
			if got := times.Next(); got != want {
				t.Fatalf("chunk %d: %+v, want %+v", i, got, want)
			}
		}
	}
}

// A log in order takes few bytes for each chunk.
func TestTimesAreSmall(t *testing.T) {
	var list []timestamp.Range
	at := int64(1_700_000_000)
	for range 1000 {
		c := timestamp.Range{Starts: true, Ends: true}
		c.Add(timestamp.Stamp{Nanos: at * timestamp.Second})
		c.Add(timestamp.Stamp{Nanos: (at + 600) * timestamp.Second})
		at += 601
		list = append(list, c)
	}
	if n := len(sectionOf(list, "")); n > 4*1000+20 {
		t.Errorf("%d bytes for 1000 chunks", n)
	}
}

func FuzzTimes(f *testing.F) {
	var c timestamp.Range
	c.Add(timestamp.Stamp{Nanos: 1_700_000_000 * timestamp.Second})
	f.Add(sectionOf([]timestamp.Range{c, {Ends: true}}, ""), 2)
	f.Add(sectionOf([]timestamp.Range{{Starts: true}}, "%s"), 1)
	f.Fuzz(func(t *testing.T, section []byte, n int) {
		n &= 1<<10 - 1
		times, err := parseTimes(section, int64(n))
		if err != nil || times == nil {
			return
		}
		var list []timestamp.Range
		for range n {
			r := times.Next()
			for k := range timestamp.Kinds {
				if r.Last[k] < r.First[k] || r.Has[k] && max(-r.First[k], r.Last[k]) > maxSeconds {
					t.Fatalf("%+v", r)
				}
			}
			list = append(list, r)
		}
		again, err := parseTimes(sectionOf(list, times.Format), int64(n))
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			if r := again.Next(); !slices.Contains(list, r) {
				t.Fatalf("%+v did not come back", r)
			}
		}
	})
}

// What is wrong in a section of times costs nothing but the times.
func TestTimesWrong(t *testing.T) {
	good := sectionOf([]timestamp.Range{{Ends: true}}, "")
	for what, section := range map[string][]byte{
		"empty": {}, "cut off": good[:len(good)-1], "goes on": append(bytes.Clone(good), 0),
		"unknown flag": append(bytes.Clone(good[:len(good)-1]), 1<<7), "long format": {1, 100},
	} {
		if times, err := parseTimes(section, 1); err == nil {
			t.Errorf("%s: %+v", what, times)
		}
	}
	if times, err := parseTimes(append([]byte{timestamp.Version + 1}, good[1:]...), 1); times != nil || err != nil {
		t.Errorf("another version: %+v, %v", times, err)
	}
}
