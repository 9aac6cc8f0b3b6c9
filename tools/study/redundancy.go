//go:build unix

package main

import (
	"fmt"
	"math"
	"path"
	"slices"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/cost"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/stream"
)

var redundancyTable = &table{
	name:  "redundancy",
	title: "Where the redundancy is",
	about: "What each byte costs in an archive of `mix -9` with the embedded model, read off the coder's interval (`lmz explain` shows the same for any file): " +
		"how many bytes cost next to nothing, who foresaw them, what costs by place in the line and in the word, by kind of token and by source; and what " +
		"is lost without a part of the method. *Redundancy* is the part of a text that could be left out: 1 - bits per byte / 8; of what single bytes by their " +
		"frequency leave it is 1 - bits per byte / entropy of single bytes, which is nearer to the 50 % that Shannon found for printed English (1951).",
	seconds: [2]int{12, 200},
	run:     redundancy,
}

const redundancyLevel = 9

// bill is what the bytes of a class cost.
type bill struct {
	text  []byte
	costs []cost.Byte
}

func redundancy(s *study) (*report, error) {
	r := &report{}
	sample := s.bytes / 2
	classes := s.main()
	parts := 0
	for _, class := range classes {
		parts += len(s.of(class)) + len(s.stripped())
	}
	for _, class := range s.classes() {
		if !slices.Contains(classes, class) {
			parts += len(s.of(class))
		}
	}
	s.plan(parts)
	share := figure{Title: "Bytes by what they cost", X: "bits", Y: "part of the bytes that cost less", LogX: true}
	column := figure{Title: "Bits per byte by column of the line", X: "column", Y: "bits per byte"}
	letter := figure{Title: "Bits of a letter by its place in the word", X: "letter", Y: "bits"}
	for _, class := range classes {
		var all bill
		for _, in := range s.of(class) {
			b, err := s.bill(r, in, sample/len(s.of(class)))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", in.name, err)
			}
			all.text, all.costs = append(all.text, b.text...), append(all.costs, b.costs...)
			s.step("%s", in.name)
		}
		put := func(part, name, measure, unit string, ours float64) {
			r.add(row{Part: part + ", " + class, Name: name, Measure: measure, Unit: unit, Ours: ours, Command: s.again("redundancy")})
		}
		share.Series = append(share.Series, all.shares(class, put))
		all.winners(put)
		all.kinds(put)
		column.Series = append(column.Series, all.columns(class, put))
		letter.Series = append(letter.Series, all.letters(class, put))
		if err := s.partRows(class, sample, put); err != nil {
			return nil, err
		}
	}
	r.Figures = append(r.Figures, share, column, letter)
	for _, class := range s.classes() {
		for _, in := range s.of(class) {
			if !slices.Contains(classes, class) {
				if _, err := s.bill(r, in, s.bytes/6); err != nil {
					return nil, fmt.Errorf("%s: %w", in.name, err)
				}
				s.step("%s", in.name)
			}
		}
	}
	return r, nil
}

type putter func(part, name, measure, unit string, ours float64)

// bill is that of a source, which has a row.
func (s *study) bill(r *report, in input, n int) (bill, error) {
	text := in.data[:min(len(in.data), n)]
	costs, size, err := cost.Of(s.ctx, text, s.models[0], stream.WithLevel(redundancyLevel), stream.WithWorkers(1))
	if err != nil {
		return bill{}, err
	}
	bits := 8 * float64(size) / float64(len(text))
	single := entropy(text)
	put := func(measure, published string, ours float64, unit string) {
		r.add(row{Part: "By source", Name: in.class + "/" + path.Base(in.name), Measure: measure, Published: published, Ours: ours, Unit: unit, Command: s.again("redundancy")})
	}
	published := ""
	if first := s.of(s.main()[0])[0]; in.name == first.name {
		published = "about 50 (English, Shannon)"
	}
	put("bytes", "", float64(len(text)), "")
	put("single bytes, bits", "", single, "")
	put("bits per byte", "", bits, "")
	put("redundancy of 8 bits", "", 100*(1-bits/8), "%")
	put("redundancy of single bytes", published, 100*(1-bits/single), "%")
	return bill{text, costs}, nil
}

// entropy is that of single bytes by their frequency, in bits.
func entropy(text []byte) (h float64) {
	var counts [256]float64
	for _, c := range text {
		counts[c]++
	}
	for _, n := range counts {
		if n > 0 {
			p := n / float64(len(text))
			h -= p * math.Log2(p)
		}
	}
	return h
}

func (b bill) bits() (sum float64) {
	for _, c := range b.costs {
		sum += float64(c.Bits)
	}
	return sum
}

// shares are of bytes that cost less than so many bits.
func (b bill) shares(class string, put putter) series {
	sorted := make([]float64, len(b.costs))
	for i, c := range b.costs {
		sorted[i] = float64(c.Bits)
	}
	slices.Sort(sorted)
	below := func(bits float64) float64 {
		n, _ := slices.BinarySearch(sorted, bits)
		return float64(n) / float64(len(sorted))
	}
	for _, bits := range []float64{0.01, 0.1, 1} {
		put("Cheap and dear bytes", "cost less", fmt.Sprintf("than %g bits", bits), "% of bytes", 100*below(bits))
	}
	all := b.bits()
	for _, part := range []int{1, 10} {
		sum := 0.0
		for _, bits := range sorted[len(sorted)-len(sorted)*part/100:] {
			sum += bits
		}
		put("Cheap and dear bytes", "cost less", fmt.Sprintf("the dearest %d %% take", part), "% of bits", 100*sum/all)
	}
	curve := series{Name: class}
	for bits := 0.001; bits < 16; bits *= math.Sqrt2 {
		curve.X, curve.Y = append(curve.X, bits), append(curve.Y, below(bits))
	}
	return curve
}

// group adds up bytes and bits by name.
type group struct {
	order []string
	bytes map[string]int
	bits  map[string]float64
}

func (g *group) add(name string, bits float32) {
	if g.bytes == nil {
		g.bytes, g.bits = make(map[string]int), make(map[string]float64)
	}
	if g.bytes[name] == 0 {
		g.order = append(g.order, name)
	}
	g.bytes[name]++
	g.bits[name] += float64(bits)
}

// rows puts the groups, those with the most bits first if sorted.
func (g *group) rows(part string, sorted bool, put putter) {
	if sorted {
		slices.SortStableFunc(g.order, func(a, b string) int {
			return int(math.Copysign(1, g.bits[b]-g.bits[a]))
		})
	}
	bytes, bits := 0, 0.0
	for _, name := range g.order {
		bytes, bits = bytes+g.bytes[name], bits+g.bits[name]
	}
	for _, name := range g.order {
		put(part, name, "share", "% of bytes", 100*float64(g.bytes[name])/float64(bytes))
		put(part, name, "share", "% of bits", 100*g.bits[name]/bits)
		put(part, name, "bits per byte", "", g.bits[name]/float64(g.bytes[name]))
	}
}

func (b bill) winners(put putter) {
	var g group
	for _, c := range b.costs {
		g.add(c.Winner.String(), c.Bits)
	}
	g.rows("Who foresaw the byte", true, put)
}

func (b bill) kinds(put putter) {
	var g group
	for i := 0; i < len(b.text); {
		n, kind := token(b.text[i:])
		for _, c := range b.costs[i : i+n] {
			g.add(kind, c.Bits)
		}
		i += n
	}
	g.rows("By kind of token", true, put)
}

// token is how many bytes the token has that text begins with, and what it is.
func token(text []byte) (n int, kind string) {
	letters, digits := 0, 0
	for _, c := range text {
		switch {
		case isLetter(c):
			letters++
		case c >= '0' && c <= '9':
			digits++
		default:
			goto end
		}
	}
end:
	switch c := text[0]; {
	case letters > 0 && digits > 0:
		return letters + digits, "letters with digits"
	case letters > 0:
		return letters, "words"
	case digits > 0:
		return digits, "numbers"
	case c == '\n' || c == '\r':
		return 1, "line ends"
	case c == ' ' || c == '\t':
		return 1, "blanks"
	case c > ' ' && c < 0x7f:
		return 1, "punctuation"
	}
	return 1, "other bytes"
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// columns are the first of lines.
func (b bill) columns(class string, put putter) series {
	const most = 128
	var bytes [most]int
	var bits [most]float64
	var g group
	at := 0
	for i, c := range b.costs {
		if at < most {
			bytes[at]++
			bits[at] += float64(c.Bits)
		}
		g.add(columnName(at), c.Bits)
		if at++; b.text[i] == '\n' {
			at = 0
		}
	}
	g.rows("By column of the line", false, put)
	curve := series{Name: class}
	for i := 0; i+4 <= most; i += 4 {
		n, sum := 0, 0.0
		for j := i; j < i+4; j++ {
			n, sum = n+bytes[j], sum+bits[j]
		}
		if n > 0 {
			curve.X, curve.Y = append(curve.X, float64(i)+2), append(curve.Y, sum/float64(n))
		}
	}
	return curve
}

func columnName(at int) string {
	for _, end := range []int{1, 4, 16, 64, 256} {
		if at < end {
			if end == 1 {
				return "the first byte"
			}
			return fmt.Sprintf("%d to %d", end/4+1, end)
		}
	}
	return "later"
}

// letters are those of words, by their place in them.
func (b bill) letters(class string, put putter) series {
	const most = 8
	var count [most]int
	var bits [most]float64
	at := 0
	for i, c := range b.text {
		if !isLetter(c) {
			at = 0
			continue
		}
		place := min(at, most-1)
		count[place]++
		bits[place] += float64(b.costs[i].Bits)
		at++
	}
	curve := series{Name: class}
	for i, n := range count {
		if n == 0 {
			continue
		}
		name := fmt.Sprintf("letter %d", i+1)
		if i == most-1 {
			name += " and later"
		}
		put("By letter of the word", name, "bits", "", bits[i]/float64(n))
		curve.X, curve.Y = append(curve.X, float64(i+1)), append(curve.Y, bits[i]/float64(n))
	}
	return curve
}

// stripped are methods that lack more and more.
func (s *study) stripped() []struct {
	name string
	method
} {
	m := s.models[0]
	bare := method{codec: codec.Mix, level: redundancyLevel}
	without := func(parts mix.Parts) method {
		x := bare
		x.without = parts
		return x
	}
	withModel := bare
	withModel.model = m
	return []struct {
		name string
		method
	}{
		{"mixer, experts, learnt weights, prior, model", withModel},
		{"without the model", bare},
		{"without model and prior", without(mix.Prior)},
		{"without model and learnt weights", without(mix.Learnt)},
		{"without model and experts", without(mix.Experts)},
		{"mixer and contexts alone", without(mix.Prior | mix.Learnt | mix.Experts)},
		{"the model alone (method lm)", method{codec: codec.LM, model: m}},
	}
}

// partRows are of what each part is worth.
func (s *study) partRows(class string, sample int, put putter) error {
	texts := s.sample(class, sample)
	raw := float64(length(texts))
	whole := 0.0
	const part = "What the parts are worth"
	for _, way := range s.stripped() {
		size, err := s.payload(texts, way.method)
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		if whole == 0 {
			whole = float64(size)
		}
		put(part, way.name, "bits per byte", "", 8*float64(size)/raw)
		put(part, way.name, "more than with all", "%", 100*(float64(size)/whole-1))
		s.step("%s, %s", class, way.name)
	}
	gzip, err := other{"gzip -9", gzipSize}.sizes(texts)
	if err != nil {
		return err
	}
	put(part, "gzip -9", "bits per byte", "", 8*float64(gzip)/raw)
	put(part, "gzip -9", "more than with all", "%", 100*(float64(gzip)/whole-1))
	return nil
}
