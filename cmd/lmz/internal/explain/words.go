package explain

import (
	"fmt"
	"math"
	"strings"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/codec"
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
	kind, alphabet := s.kind()
	f.Kind = kind
	chars := float64(s.bytes) / float64(max(s.filled, 1))
	if s.is(uuid) {
		chars = 30.5 // two of 32 digits say which kind of UUID it is
	}
	if alphabet > 0 && chars >= 4 && s.varied() {
		f.Random = s.bits >= random*chars*math.Log2(alphabet)*float64(s.filled)
	}
	switch {
	case f.Random:
		f.Kind += ", random"
	case s.is(digits) && s.varied() && float64(s.rising) > 0.98*float64(s.filled):
		f.Kind += ", rising"
	}
	f.Advice = s.advice(f)
	return f
}

// varied says whether values hardly come twice: what can be said of numbers is said of these.
func (s *stat) varied() bool {
	n := len(s.distinct)
	return s.many || n >= 32 && 10*int64(n) >= 9*s.count
}

// kind names the values; alphabet is how many characters there are to choose from at each place, 0
// if that is not what makes them.
func (s *stat) kind() (kind string, alphabet float64) {
	n, same := s.length()
	length := func(what string) string {
		if same {
			return fmt.Sprintf("%d %s", n, what)
		}
		return what
	}
	distinct := len(s.distinct)
	switch {
	case s.maxLen == 0:
		return "empty", 0
	case !s.many && distinct == 1:
		return "always the same", 0
	case s.is(uuid):
		return "UUID", 16
	case s.is(ipv4):
		return "IPv4 address", 0
	case s.is(clock) && s.is(date):
		return "date and time", 0
	case s.is(clock):
		return "time", 0
	case s.is(date):
		return "date", 0
	case !s.many && int64(8*distinct) <= s.count:
		return fmt.Sprintf("one of %d values", distinct), 0
	case s.is(digits) && same && n > 1:
		return length("digits"), 10
	case s.is(digits):
		return "number", 10
	case s.is(decimal):
		return "number with fraction", 0
	case s.is(hexLower|hexUpper) && s.least() >= 4:
		return length("hex digits"), 16
	case s.is(base64ish) && s.least() >= 12 && float64(s.mixed) >= 0.9*float64(s.filled):
		return length("letters and digits"), 62
	case s.is(url):
		return "URL", 0
	case s.is(path):
		return "path", 0
	case s.is(word):
		return "word", 0
	}
	return "text", 0
}

// advice is what an operator can do about a field that costs something, or nothing.
func (s *stat) advice(f Field) string {
	if f.Share < 0.01 {
		return ""
	}
	switch {
	case s.is(clock):
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
	case f.Random && !s.is(digits):
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
	length, same := s.length()
	if !s.is(digits) || !same || length > maxPositions || !s.varied() {
		return 0, 0
	}
	for i := length - 1; i >= 0 && s.positions[i] >= random*math.Log2(10)*float64(s.count); i-- {
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
	if r.Content == Prose || r.Content == Binary {
		for _, k := range r.Tokens[:min(2, len(r.Tokens))] {
			say("%s: %s of the archive, for %s of the bytes", k.Name, percent(k.Share), percent(share(float64(k.Bytes), float64(r.ExplainedBytes))))
		}
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
	fallback, whole := r.spread()
	if part := share(fallback, r.ExplainedBits); part >= 0.05 {
		say("%s of the archive is stored or by zstd, since nothing foresees it: is it compressed or encrypted already?", percent(part))
	}
	if part := share(whole, r.ExplainedBits); part >= 0.05 {
		say("%s of the archive is by a method that does not say what single bytes cost: there, shares are those of bytes", percent(part))
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
	if n := len(r.Redundancy); n > 0 && r.Redundancy[1].Share > 0 {
		say("%s of the bytes cost less than %g bits", percent(r.Redundancy[1].Share), r.Redundancy[1].Bits)
	}
}

// spread is the bits of chunks that are charged to their bytes alike: of those that no method made
// for text made smaller, and of those whose method says nothing of single bytes.
func (r *Report) spread() (fallback, whole float64) {
	for _, c := range r.Chunks {
		bits := 8 * float64(c.Payload)
		switch {
		case !c.Explained || c.Method == codec.Mix.String() || c.Method == codec.LM.String():
		case r.Level != nil && (c.Method == codec.Zstd.String() || c.Method == codec.Raw.String()):
			fallback += bits
		default:
			whole += bits
		}
	}
	return fallback, whole
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
