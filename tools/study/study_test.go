//go:build unix

package main

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/stream"
)

func TestMain(m *testing.M) {
	if runChild() {
		return
	}
	os.Exit(m.Run())
}

// tiny is a study of very little.
func tiny(t *testing.T) *study {
	t.Helper()
	s, err := newStudy(context.Background(), options{quick: true, media: t.TempDir()}, tables)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	s.out = io.Discard
	var few []input
	for _, class := range s.classes() {
		in := s.of(class)[0]
		in.data = in.data[:patchBytes]
		few = append(few, in)
	}
	s.inputs = few
	return s
}

// measured runs a table and tries what holds for all of them.
func measured(t *testing.T, what *table) (*study, *report) {
	t.Helper()
	s := tiny(t)
	sections, err := s.measure([]*table{what}, func([]section) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	r := sections[0].report
	if len(r.Rows) == 0 {
		t.Fatal("no rows")
	}
	seen := make(map[[3]string]bool)
	for _, row := range r.Rows {
		switch key := [3]string{row.Part, row.Name, row.Measure + row.Unit}; {
		case row.Name == "" || row.Measure == "" || row.Command == "":
			t.Errorf("a row lacks something: %+v", row)
		case math.IsNaN(row.Ours) || math.IsInf(row.Ours, 0):
			t.Errorf("%v: %v", key, row.Ours)
		case seen[key]:
			t.Errorf("%v is there twice", key)
		default:
			seen[key] = true
		}
	}
	for _, w := range names {
		if err := w.write(io.Discard, &page{Sections: sections}); err != nil {
			t.Errorf("%s: %v", w.file, err)
		}
	}
	if s.done != s.parts {
		t.Errorf("%d steps of %d were told of", s.done, s.parts)
	}
	return s, r
}

// ours is a figure of a report.
func (r *report) ours(t *testing.T, part, name, measure string) float64 {
	t.Helper()
	for _, row := range r.Rows {
		if strings.HasPrefix(row.Part, part) && row.Name == name && row.Measure == measure {
			return row.Ours
		}
	}
	t.Fatalf("no row %s, %s, %s", part, name, measure)
	return 0
}

func TestRates(t *testing.T) {
	s, r := measured(t, ratesTable)
	raw := float64(total(s.of("text")))
	want := 0.0
	for _, text := range textsOf(s.of("text")) {
		n, err := gzipSize(text)
		if err != nil {
			t.Fatal(err)
		}
		want += 100 * float64(n) / raw
	}
	if got := r.ours(t, "text", "gzip -9", "whole"); math.Abs(got-want) > 1e-9 {
		t.Errorf("gzip: %v %%, want %v", got, want)
	}
	whole, adjusted := r.ours(t, "text", "lm, base", "whole"), r.ours(t, "text", "lm, base", "whole, adjusted")
	if want := whole + 100*float64(s.models[0].bytes)/raw; math.Abs(adjusted-want) > 1e-6 {
		t.Errorf("adjusted: %v %%, want %v", adjusted, want)
	}
	chunks, two := r.ours(t, "text", "lm, base", "chunks of 2048"), r.ours(t, "text", "lm, base", "chunks, 1 GB, 2 B/parameter")
	if want := chunks + 100*float64(2*s.models[0].parameters)/1e9; math.Abs(two-want) > 1e-9 {
		t.Errorf("2 bytes per parameter: %v %%, want %v", two, want)
	}
	for _, class := range []string{"images", "audio"} {
		if r.ours(t, class, "mix -6", "whole") <= 0 {
			t.Errorf("no %s", class)
		}
	}
}

func TestWindows(t *testing.T) {
	_, r := measured(t, windowsTable)
	for _, bits := range []string{"b = 16", "b = 32", "b = 64", "b = 128"} {
		both, model := r.ours(t, "Equal-info", bits, "ratio, coder too"), r.ours(t, "Equal-info", bits, "ratio, model afresh")
		if !(both > 0 && both < model) {
			t.Errorf("%s: ratio %v where the coder starts afresh, too, %v where only the model does", bits, both, model)
		}
	}
}

// A window ends before the token with which it would take too much: with a budget that nothing
// exceeds there is one, with less than any token takes there are the tokens' bits.
func TestEqualInfo(t *testing.T) {
	s := tiny(t)
	m := s.models[1]
	text := s.of("text")[0].data[:200]
	if n, err := equalInfo(m, usualWindow(m).Window, text, 1<<20); n != 1 || err != nil {
		t.Errorf("%d windows, %v", n, err)
	}
	few, err := equalInfo(m, usualWindow(m).Window, text, 64)
	if err != nil {
		t.Fatal(err)
	}
	many, err := equalInfo(m, usualWindow(m).Window, text, 16)
	if err != nil || few <= 1 || many < 2*few {
		t.Errorf("%d windows of 64 bits, %d of 16: %v", few, many, err)
	}
}

func TestWeights(t *testing.T) {
	_, r := measured(t, weightsTable)
	const bits = "text, bits per byte"
	if whole, eight := r.ours(t, "Types", "Q8_0, exact (int8)", bits), r.ours(t, "Bits", "8 bits", bits); whole != eight {
		t.Errorf("%v bits per byte with Q8_0, %v with 8 bits", whole, eight)
	}
	if eight, two := r.ours(t, "Bits", "8 bits", bits), r.ours(t, "Bits", "2 bits", bits); two <= eight {
		t.Errorf("%v bits per byte with 8 bits, %v with 2", eight, two)
	}
	if some, few := r.ours(t, "Pruned, neurons", "50 %", "file"), r.ours(t, "Pruned, neurons", "90 %", "file"); few >= some {
		t.Errorf("%v bytes with half of the neurons, %v with a tenth", some, few)
	}
}

// What is pruned are the smallest weights of the blocks, and as many as was said.
func TestPruned(t *testing.T) {
	s := tiny(t)
	file, err := s.readWeights("nano")
	if err != nil {
		t.Fatal(err)
	}
	zeros := func(x []float32) (n int) {
		for _, v := range x {
			if v == 0 {
				n++
			}
		}
		return n
	}
	for _, way := range []pruning{wholePruning, rowPruning} {
		pruned := file.pruned(way, 0.7)
		all, none := 0, 0
		for i, tensor := range pruned {
			before := file.tensors[i]
			if !tensor.block() {
				if !slices.Equal(tensor.values, before.values) {
					t.Errorf("%v: %s has changed", way, tensor.name)
				}
				continue
			}
			all, none = all+len(tensor.values), none+zeros(tensor.values)
			var lost, kept float64 = 0, math.Inf(1)
			row := tensor.values[:tensor.columns]
			for j, v := range row {
				if v == 0 {
					lost = max(lost, math.Abs(float64(before.values[j])))
				} else {
					kept = min(kept, math.Abs(float64(v)))
				}
			}
			if lost >= kept {
				t.Errorf("%v: %s lost a weight of %v and kept one of %v", way, tensor.name, lost, kept)
			}
		}
		if share := float64(none) / float64(all); share < 0.69 || share > 0.73 { // equal ones go together
			t.Errorf("%v: %.3f of the weights are zero, want 0.7", way, share)
		}
	}
	for _, tensor := range file.pruned(neuronPruning, 0.5) {
		if strings.HasSuffix(tensor.name, "ffn_up.weight") && tensor.rows != 192 || strings.HasSuffix(tensor.name, "ffn_down.weight") && tensor.columns != 192 {
			t.Errorf("%s has %d rows of %d", tensor.name, tensor.rows, tensor.columns)
		}
		if len(tensor.values) != tensor.rows*tensor.columns {
			t.Errorf("%s has %d values in %d rows of %d", tensor.name, len(tensor.values), tensor.rows, tensor.columns)
		}
	}
}

func TestDirections(t *testing.T) {
	s, r := measured(t, directionsTable)
	for _, w := range s.ways(&report{}) {
		if r.ours(t, "text", w.name, "size") <= 0 || r.ours(t, "logs", w.name, "compress : decompress") <= 0 {
			t.Errorf("%s: nothing was measured", w.name)
		}
	}
	const steps = "steps of the model per byte"
	if none, some := r.ours(t, "The gate at -6, model base, text", "no model", steps), r.ours(t, "The gate at -6, model base, text", "a step must save 0.03125 bits", steps); none != 0 || some <= 0 {
		t.Errorf("%v steps without a model, %v with one", none, some)
	}
}

// Chunks that have another method than was asked for are said to, by its name.
func TestOtherMethods(t *testing.T) {
	archive := archivetest.Compress(t, nil, []byte("one two"), stream.WithMethod(codec.Raw), stream.WithChunkSize(4))
	for asked, want := range map[codec.Method]string{0: "", codec.Mix: "2 of 2 chunks by raw"} {
		if got := otherMethods(archive, asked); got != want {
			t.Errorf("%s was asked for: %q, want %q", asked, got, want)
		}
	}
}

func TestRedundancy(t *testing.T) {
	_, r := measured(t, redundancyTable)
	for _, part := range []string{"Who foresaw the byte, text", "By kind of token, logs", "By column of the line, text"} {
		bytes, bits := 0.0, 0.0
		for _, row := range r.Rows {
			switch {
			case row.Part == part && row.Unit == "% of bytes":
				bytes += row.Ours
			case row.Part == part && row.Unit == "% of bits":
				bits += row.Ours
			}
		}
		if math.Abs(bytes-100) > 1e-6 || math.Abs(bits-100) > 1e-6 {
			t.Errorf("%s: %v %% of the bytes, %v %% of the bits", part, bytes, bits)
		}
	}
	if r.ours(t, "What the parts are worth, logs", "mixer and contexts alone", "bits per byte") <= r.ours(t, "What the parts are worth, logs", "without the model", "bits per byte") {
		t.Error("experts, prior and learnt weights are worth nothing")
	}
}

func TestToken(t *testing.T) {
	for text, want := range map[string]string{"ab1-": "letters with digits", "abc 1": "words", "12.5": "numbers", "\n\n": "line ends", " a": "blanks", "-1": "punctuation", "\xff": "other bytes"} {
		n, kind := token([]byte(text))
		if length := strings.IndexAny(text+" ", " .-\n"); kind != want || n != max(1, min(length, len(text))) {
			t.Errorf("%q: %d bytes of %s, want %s", text, n, kind, want)
		}
	}
}

func TestFairShare(t *testing.T) {
	for _, tt := range []struct {
		sizes []int
		most  int
		want  int
	}{
		{[]int{10, 10, 10}, 30, 10}, {[]int{100, 1, 100}, 31, 15}, {[]int{5, 6}, 100, math.MaxInt}, {[]int{50, 50}, 20, 10}, {nil, 9, math.MaxInt},
	} {
		if got := fairShare(tt.sizes, tt.most); got != tt.want {
			t.Errorf("%v of %d: %d, want %d", tt.sizes, tt.most, got, tt.want)
		}
	}
}

// The files of a folder have the class of the folder in it where they are.
func TestData(t *testing.T) {
	folder := t.TempDir()
	for name, n := range map[string]int{"a/1.txt": 10, "a/2.txt": fullBytes, "a/3.txt": 0, "a/4.txt": 5, "b/x": 7, "top": 9} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Repeat("x\n", n)[:n]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &study{options: options{data: folder, media: folder, bytes: fullBytes}}
	inputs, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range inputs {
		if !isMade(in) {
			got = append(got, in.name)
		}
	}
	if want := []string{"a/1.txt", "a/2.txt", "b/x"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if n := total(ofClass(inputs, "a")); n > fullBytes || n < fullBytes-4096 {
		t.Errorf("%d bytes of a class, want at most %d", n, fullBytes)
	}
}

func TestSound(t *testing.T) {
	wave := func(rate, bits byte, samples ...byte) []byte {
		head := []byte{'R', 'I', 'F', 'F', 0, 0, 0, 0, 'W', 'A', 'V', 'E', 'f', 'm', 't', ' ', 16, 0, 0, 0, 1, 0, 1, 0,
			byte(int(rate) * 1000), byte(int(rate) * 1000 >> 8), 0, 0, 0, 0, 0, 0, 2, 0, bits, 0, 'd', 'a', 't', 'a', byte(len(samples)), 0, 0, 0}
		return append(head, samples...)
	}
	path := filepath.Join(t.TempDir(), "x.wav")
	read := func(data []byte) ([]byte, error) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return soundFile(path)
	}
	// Three samples of 48 kHz become one: the mean of 256, 512 and 768, then of -256 each.
	got, err := read(wave(48, 16, 0, 1, 0, 2, 0, 3, 0, 255, 0, 255, 0, 255, 9))
	if want := []byte{130, 127}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	for name, data := range map[string][]byte{"rate": wave(44, 16, 0, 0), "bits": wave(48, 8, 0, 0), "nothing": nil, "head": wave(48, 16)[:30]} {
		if _, err := read(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestPatches(t *testing.T) {
	picture := madePicture(patchWidth*2+5, patchHeight*2+1)
	got := patches(picture)
	if len(got) != 4*patchBytes {
		t.Fatalf("%d bytes, want 4 patches", len(got))
	}
	grey := func(x, y int) byte { r, _, _, _ := picture.At(x, y).RGBA(); return byte(r >> 8) }
	for i, at := range [][2]int{{0, 0}, {patchWidth, 0}, {0, patchHeight}, {patchWidth, patchHeight}} {
		if v := got[i*patchBytes+3*patchWidth+7]; v != grey(at[0]+7, at[1]+3) {
			t.Errorf("patch %d has %d", i, v)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, tt := range []struct {
		args  string
		quick bool
		n     int // -1: an error
	}{{"", false, len(tables)}, {"quick", true, len(tables)}, {"quick rates", true, 1}, {"all", false, len(tables)}, {"windows rates", false, 2}, {"nothing", false, -1}} {
		var o options
		wanted, err := o.choose(strings.Fields(tt.args))
		if tt.n < 0 {
			if err == nil {
				t.Errorf("%q: no error", tt.args)
			}
			continue
		}
		if err != nil || len(wanted) != tt.n || o.quick != tt.quick {
			t.Errorf("%q: %d tables, quick %v, %v", tt.args, len(wanted), o.quick, err)
		}
	}
}

func TestSpread(t *testing.T) {
	data := make([]byte, 10*patchBytes+5)
	for i := range data {
		data[i] = byte(i / patchBytes)
	}
	for n, want := range map[int][]byte{1: {0}, 2: {0, 5}, 4: {0, 2, 5, 7}, 99: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}} {
		got := spread(data, n)
		var first []byte
		for chunk := range slices.Chunk(got, patchBytes) {
			first = append(first, chunk[0])
			if len(chunk) != patchBytes {
				t.Errorf("%d: a chunk of %d bytes", n, len(chunk))
			}
		}
		if !slices.Equal(first, want) {
			t.Errorf("%d: chunks %v, want %v", n, first, want)
		}
	}
}

// The command of a row has all that its figure depends on.
func TestAgain(t *testing.T) {
	for want, o := range map[string]options{
		"make study STUDY=rates":                                           {bytes: fullBytes},
		"make study STUDY='quick rates'":                                   {bytes: quickBytes, quick: true},
		"make study STUDY=rates DATA=corpus":                               {bytes: fullBytes, data: "corpus"},
		"make study STUDY='-bytes 4096 -m my.gguf -m x rates' DATA=corpus": {bytes: 4096, data: "corpus", models: []string{"my.gguf", "x"}},
		"make study STUDY='-bytes 196608 quick rates'":                     {bytes: fullBytes, quick: true, data: "corpus"},
	} {
		if got := (&study{options: o}).again("rates"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
