package explain

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// valid is a text as UTF-8.
func valid(text []byte) string { return strings.ToValidUTF8(string(text), "\uFFFD") }

// random is how much of what its alphabet allows a value must cost to be called random.
const random = 0.85

// field says in words what a field's values are.
func (s *stat) field(name string, all float64) Field {
	f := Field{
		Name: name, Values: s.count, Distinct: len(s.distinct), Bytes: s.bytes, Bits: s.bits, Share: share(s.bits, all),
		Each: s.bits / float64(s.count), Saved: s.saved, Example: valid(s.example.text), piece: s.example,
	}
	kind, alphabet := s.kind(f.Example)
	f.Kind = kind
	chars := float64(s.bytes) / float64(s.count)
	if s.shapes&uuid != 0 {
		chars = 30.5 // two of 32 digits say which kind of UUID it is
	}
	if alphabet > 0 && chars >= 4 && s.many {
		f.Random = f.Each >= random*chars*math.Log2(alphabet)
	}
	switch {
	case f.Random:
		f.Kind += ", random"
	case s.shapes&digits != 0 && s.many && float64(s.rising) > 0.98*float64(s.count):
		f.Kind += ", rising"
	}
	f.Advice = s.advice(f)
	return f
}

// kind names the values; alphabet is how many characters there are to choose from at each place, 0
// if that is not what makes them.
func (s *stat) kind(example string) (kind string, alphabet float64) {
	n := s.minLen
	fixed := n == s.maxLen
	length := func(what string) string {
		if fixed {
			return fmt.Sprintf("%d %s", n, what)
		}
		return fmt.Sprintf("%d to %d %s", s.minLen, s.maxLen, what)
	}
	distinct := len(s.distinct)
	switch {
	case s.maxLen == 0:
		return "empty", 0
	case !s.many && distinct == 1:
		return "always the same", 0
	case s.shapes&uuid != 0:
		return "UUID", 16
	case s.shapes&ipv4 != 0:
		return "IPv4 address", 0
	case s.shapes&(clock|date) == clock|date:
		return "date and time", 0
	case s.shapes&clock != 0:
		return "time", 0
	case s.shapes&date != 0:
		return "date", 0
	case !s.many && int64(8*distinct) <= s.count:
		return fmt.Sprintf("one of %d values", distinct), 0
	case s.shapes&digits != 0 && fixed && n > 1:
		return length("digits"), 10
	case s.shapes&digits != 0:
		return "number", 10
	case s.shapes&decimal != 0:
		return "number with fraction", 0
	case s.shapes&(hexLower|hexUpper) != 0 && s.minLen >= 4:
		return length("hex digits"), 16
	case s.shapes&base64ish != 0 && s.minLen >= 12 && s.mixed:
		return length("letters and digits"), 62
	case s.shapes&path != 0:
		return "path", 0
	case s.shapes&word != 0:
		return "word", 0
	case bytes.ContainsAny([]byte(example), " "):
		return "text", 0
	}
	return "text without spaces", 0
}

// advice is what an operator can do about a field that costs something, or nothing.
func (s *stat) advice(f Field) string {
	if f.Share < 0.01 {
		return ""
	}
	switch {
	case s.shapes&clock != 0:
		from, to := s.fractionFrom, min(s.fractionTo, maxPositions)
		for keep := 3; keep >= 0; keep -= 3 { // milliseconds, then seconds
			if from+keep >= to {
				continue
			}
			rest := 0.0
			for _, bits := range s.positions[from+keep : to] {
				rest += bits
			}
			if part := f.Share * rest / s.bits; part >= 0.01 {
				unit := "milliseconds"
				if keep == 0 {
					unit = "seconds"
				}
				return fmt.Sprintf("its last %d digits cost %s a line: with %s the archive would be %s smaller",
					to-from-keep, bitsText(rest/float64(s.count)), unit, percent(part))
			}
		}
	case f.Random && s.shapes&digits == 0:
		half := f.Share / 2
		return fmt.Sprintf("nothing can foresee it: left out of the log it saves %s, half as long %s", percent(f.Share), percent(half))
	case f.Random:
		return fmt.Sprintf("nothing can foresee it: left out of the log it saves %s", percent(f.Share))
	}
	if tail, bits := s.noise(); tail > 0 && f.Share*bits/s.bits >= 0.02 {
		return fmt.Sprintf("its last %d digits are random: without them the archive would be %s smaller", tail, percent(f.Share*bits/s.bits))
	}
	return ""
}

// noise is how many digits at the end of numbers of one length are random, and what they cost.
func (s *stat) noise() (n int, bits float64) {
	if s.shapes&digits == 0 || s.minLen != s.maxLen || s.maxLen > maxPositions || !s.many {
		return 0, 0
	}
	for i := s.maxLen - 1; i >= 0 && s.positions[i] >= random*math.Log2(10)*float64(s.count); i-- {
		n++
		bits += s.positions[i]
	}
	if n < 2 {
		return 0, 0
	}
	return n, bits
}

// percent is a share in words.
func percent(share float64) string {
	switch p := 100 * share; {
	case p == 0:
		return "0 %"
	case p < 0.1:
		return "under 0.1 %"
	case p < 9.95:
		return fmt.Sprintf("%.1f %%", p)
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// bitsText is bits in words.
func bitsText(bits float64) string {
	switch {
	case bits == 0:
		return "0 bits"
	case bits < 0.01:
		return "under 0.01 bits"
	case bits > 0.95 && bits < 1.05:
		return "1 bit"
	case bits < 9.95:
		return fmt.Sprintf("%.2g bits", bits)
	}
	return fmt.Sprintf("%.0f bits", bits)
}

// find puts into words what an operator can act on.
func (r *Report) find() {
	say := func(format string, args ...any) { r.Findings = append(r.Findings, fmt.Sprintf(format, args...)) }
	if r.ExplainedBytes == 0 {
		say("there is nothing to explain: no bytes")
		return
	}
	fields := 0
	for _, f := range r.Fields {
		if f.Share < 0.02 || fields == 6 {
			break
		}
		fields++
		text := fmt.Sprintf("%s: %s, %s of the archive, %s each", f.Name, f.Kind, percent(f.Share), bitsText(f.Each))
		if f.Advice != "" {
			text += "; " + f.Advice
		}
		say("%s", text)
	}
	same := 0.0
	for _, t := range r.Templates {
		same += t.Frame
	}
	if part := share(same, r.ExplainedBits); len(r.Templates) > 1 && part >= 0.02 {
		say("which of %d templates comes next, with all that is the same in their lines: %s of the archive", len(r.Templates), percent(part))
	}
	if n := len(r.Templates); n > 0 && r.Templates[0].Share >= 0.3 && n > 1 && r.Templates[0].Share > 1.5*float64(r.Templates[0].Lines)/float64(r.Lines) {
		t := r.Templates[0]
		say("one template has %s of the lines and takes %s of the archive: %s", percent(float64(t.Lines)/float64(r.Lines)), percent(t.Share), ui.Shorten(t.Text, 100))
	}
	r.findCoding(say)
}

// findCoding says what there is to say about how it is coded.
func (r *Report) findCoding(say func(string, ...any)) {
	for _, w := range r.Winners {
		if w.Name == "stored" && r.Method == "mix" && w.Share >= 0.05 {
			say("%s of the archive is stored or by zstd, since nothing foresees it: is it compressed or encrypted already?", percent(w.Share))
		}
	}
	if all := r.ExplainedBits + r.ModelSaved; r.Model != "" && r.Method == "mix" && all > 0 {
		say("the model %s saves %s", r.Model, percent(r.ModelSaved/all))
	}
	if first, rest := r.opening(); first > 3*rest && rest > 0 {
		say("the first tenth costs %.1f times what the rest does, until its kind is known: for many small files of a kind make a dictionary with lmz dict", first/rest)
	}
	if around := share(float64(r.Around), float64(r.CompressedBytes)); around >= 0.05 && !r.Sampled {
		say("%s of the archive is headers, checks, filters and index", percent(around))
	}
	if n := len(r.Redundancy); n > 0 {
		say("%s of the bytes cost less than %g bits", percent(r.Redundancy[1].Share), r.Redundancy[1].Bits)
	}
}

// opening is the bits per byte of the first tenth, and of the rest.
func (r *Report) opening() (first, rest float64) {
	if len(r.Curve) < 20 {
		return 0, 0
	}
	mean := func(part []Stretch) float64 {
		bits, bytes := 0.0, 0.0
		for _, s := range part {
			bits += s.BitsPerByte * float64(s.Bytes)
			bytes += float64(s.Bytes)
		}
		return bits / bytes
	}
	n := len(r.Curve) / 10
	return mean(r.Curve[:n]), mean(r.Curve[n:])
}
