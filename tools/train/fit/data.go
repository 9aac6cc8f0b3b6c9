//go:build unix

package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
)

// data is the tokens of a corpus, in memory: two bytes each.
type data struct {
	BOS     int32    `json:"bos"`
	Sources []source `json:"sources"`

	tokens     []byte
	cumulative []float64 // of the sources' weights
}

// source is one source of tokens.json: ranges of tokens.
type source struct {
	Name     string  `json:"name"`
	Category string  `json:"category"`
	Weight   float64 `json:"weight"`
	Train    [2]int  `json:"train"`
	Val      [2]int  `json:"val"`
	ValBytes int     `json:"val_bytes"`
}

func openData(out string) (*data, error) {
	index, err := os.ReadFile(filepath.Join(out, "tokens.json"))
	if err != nil {
		return nil, err
	}
	d := new(data)
	if err := json.Unmarshal(index, d); err != nil {
		return nil, fmt.Errorf("tokens.json: %w", err)
	}
	if d.tokens, err = os.ReadFile(filepath.Join(out, "tokens.u16")); err != nil {
		return nil, err
	}
	sum := 0.0
	for _, s := range d.Sources {
		if end := max(s.Train[1], s.Val[1]); 2*end > len(d.tokens) {
			return nil, fmt.Errorf("tokens.u16 ends before %s does", s.Name)
		}
		sum += s.Weight
		d.cumulative = append(d.cumulative, sum)
	}
	return d, nil
}

// window is length+1 tokens; with bos it opens as the codecs open theirs.
func (d *data) window(start, length int, bos bool) []int32 {
	w := make([]int32, length+1)
	for i := range w {
		if at := 2 * (start + i); at < len(d.tokens) {
			w[i] = int32(binary.LittleEndian.Uint16(d.tokens[at:]))
		}
	}
	if bos {
		w[0] = d.BOS
	}
	return w
}

// batch draws windows by the weights of the sources. One in eight opens without BOS, in the middle
// of a text.
func (d *data) batch(random *rand.Rand, count, length int) [][]int32 {
	windows := make([][]int32, count)
	for i := range windows {
		at := random.Float64() * d.cumulative[len(d.cumulative)-1]
		s := d.Sources[min(sort.SearchFloat64s(d.cumulative, at), len(d.Sources)-1)]
		start, end := s.Train[0], s.Train[1]
		windows[i] = d.window(start+random.IntN(max(1, end-length-start)), length, random.Float64() < 0.875)
	}
	return windows
}

// validation is up to count windows spread over the held-out part of a source.
func (d *data) validation(s source, length, count int) [][]int32 {
	count = min(count, (s.Val[1]-s.Val[0])/(length+1))
	windows := make([][]int32, max(0, count))
	for i := range windows {
		room := s.Val[1] - length - 1 - s.Val[0]
		windows[i] = d.window(s.Val[0]+int(float64(room)*float64(i)/float64(max(1, count-1))), length, true)
	}
	return windows
}

func (s source) bytesPerToken() float64 {
	return float64(s.ValBytes) / float64(max(1, s.Val[1]-s.Val[0]))
}
