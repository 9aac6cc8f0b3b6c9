//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/klauspost/compress/zstd"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/mix"
)

var predictionTable = &table{
	name:  "prediction",
	title: "A compressor is a predictor",
	about: "**Language Modeling Is Compression** (arXiv 2309.10668, section 3.4) turns a compressor around: the next byte `b` behind a text `x` has a probability " +
		"in proportion to `2^(L(x) - L(xb))`, with `L` the length in bits of what it makes of a text. For gzip and zstd, whose lengths are whole bytes, all " +
		"256 lengths are taken. Of `mix` and `lm` the probabilities are those that they code by, of tokens with `lm`; *bits* are what each predictor pays for the next byte of a " +
		"text, given all before it, and 8 is no prediction at all. The samples below: each goes on with the same text, drawing bytes by its probabilities. " +
		"Those of `mix` and `lm` are made by their own decoders, to which noise is given behind the bits of the text: a decompressor of noise writes what its " +
		"model expects.",
	seconds: [2]int{20, 120},
	run:     prediction,
}

const (
	predictedFrom = 2048 // bytes of text in front of the first byte that is predicted
	writtenBytes  = 200
	promptBytes   = 1024
)

func prediction(s *study) (*report, error) {
	r := &report{}
	count := 256
	if s.quick {
		count = 24
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, err
	}
	lengths := []struct {
		name string
		of   func(text []byte) (int, error)
	}{
		{"gzip -9", newGzipLength()},
		{"zstd, best", func(text []byte) (int, error) { return len(z.EncodeAll(text, nil)), nil }},
	}
	exact := []struct {
		name string
		method
	}{{"mix -6", method{codec: codec.Mix, level: 6}}}
	for _, m := range s.models {
		exact = append(exact, struct {
			name string
			method
		}{"lm, " + m.name, method{codec: codec.LM, model: m}})
	}
	exact = append(exact, struct {
		name string
		method
	}{"mix -6, " + s.models[0].name, method{codec: codec.Mix, level: 6, price: 1, model: s.models[0]}})
	classes := s.main()
	s.plan((len(classes) + 1) * (len(lengths) + len(exact)))
	for _, class := range classes {
		text := s.of(class)[0].data
		text = text[:min(len(text), predictedFrom+count)]
		from := len(text) - min(count, len(text)/2)
		put := func(name string, bits float64) {
			r.add(row{Part: fmt.Sprintf("Bits of the next byte, %s: %d bytes of %s", class, len(text)-from, s.of(class)[0].name), Name: name,
				Measure: "bits", Ours: bits / float64(len(text)-from), Command: s.again("prediction")})
			s.step("%s, %s", class, name)
		}
		for _, l := range lengths {
			bits := 0.0
			for i := from; i < len(text); i++ {
				p, err := nextByte(text[:i], l.of)
				if err != nil {
					return nil, err
				}
				bits -= math.Log2(p[text[i]])
				if err := s.ctx.Err(); err != nil {
					return nil, err
				}
			}
			put(l.name, bits)
		}
		for _, e := range exact {
			_, costs, err := s.metered(e.method, text)
			if err != nil {
				return nil, err
			}
			bits := 0.0
			for _, c := range costs[from:] {
				bits += c
			}
			put(e.name, bits)
		}
	}
	prompt := s.of(classes[0])[0].data
	prompt = prompt[:(len(prompt)+min(len(prompt), promptBytes))/2] // its middle: heads are odd
	prompt = prompt[max(0, len(prompt)-promptBytes):]
	r.Samples = append(r.Samples, sampleOf("the end of the text to go on with", prompt[max(0, len(prompt)-200):]))
	for i, l := range lengths {
		text := bytes.Clone(prompt)
		random := rand.New(rand.NewPCG(uint64(i), 5))
		for len(text) < len(prompt)+writtenBytes {
			p, err := nextByte(text, l.of)
			if err != nil {
				return nil, err
			}
			text = append(text, drawByte(random, p))
		}
		r.Samples = append(r.Samples, sampleOf(l.name, text[len(prompt):]))
		s.step("text, %s", l.name)
	}
	for _, e := range exact {
		text, err := s.decodeNoise(e.method, prompt, writtenBytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
		r.Samples = append(r.Samples, sampleOf(e.name, text))
		s.step("text, %s", e.name)
	}
	return r, nil
}

// newGzipLength gives a function that says what gzip makes of a text, without its header.
func newGzipLength() func([]byte) (int, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	return func(text []byte) (int, error) {
		if err != nil {
			return 0, err
		}
		b.Reset()
		w.Reset(&b)
		if _, err := w.Write(text); err != nil {
			return 0, err
		}
		err := w.Close()
		return b.Len(), err
	}
}

// nextByte is the distribution of the byte behind a text that lengths in bytes amount to.
func nextByte(text []byte, lengthOf func([]byte) (int, error)) (p [256]float64, err error) {
	longer := append(bytes.Clone(text), 0)
	var lengths [256]int
	least := math.MaxInt
	for b := range lengths {
		longer[len(text)] = byte(b)
		if lengths[b], err = lengthOf(longer); err != nil {
			return p, err
		}
		least = min(least, lengths[b])
	}
	sum := 0.0
	for b, n := range lengths {
		p[b] = math.Exp2(-8 * float64(n-least))
		sum += p[b]
	}
	for b := range p {
		p[b] /= sum
	}
	return p, nil
}

func drawByte(random *rand.Rand, p [256]float64) byte {
	target := random.Float64()
	for b, v := range p {
		if target -= v; target < 0 {
			return byte(b)
		}
	}
	return 255
}

// metered codes a text, and decodes it to see the bits of each byte, given those before it.
func (s *study) metered(m method, text []byte) (payload []byte, costs []float64, err error) {
	err = s.job(m, func(l *coder.Lane) error {
		c, err := coder.New(m.codec, l, m.params(func(_ []byte, some []mix.Cost) {
			for _, cost := range some {
				costs = append(costs, float64(cost.Bits))
			}
		}))
		if err != nil {
			return err
		}
		if payload, err = c.Encode(nil, text); err != nil {
			return err
		}
		_, err = c.Decode(nil, payload, len(text))
		return err
	})
	return payload, costs, err
}

// decodeNoise makes the method's decoder go on with a text for n bytes: behind the bits of the text
// its payload is random.
func (s *study) decodeNoise(m method, text []byte, n int) (more []byte, err error) {
	whole := bytes.Clone(text) // the sizes of tables depend on how much there is
	for len(whole) < len(text)+n {
		whole = append(whole, text[:min(len(text), len(text)+n-len(whole))]...)
	}
	payload, costs, err := s.metered(m, whole)
	if err != nil {
		return nil, err
	}
	bits := 0.0
	for _, c := range costs[:len(text)] {
		bits += c
	}
	random := rand.New(rand.NewPCG(3, uint64(len(payload))))
	err = s.job(m, func(l *coder.Lane) error {
		// Of the byte in which the text's bits end, one value in 2^(its bits) gives the text. Where
		// none does that goes on for long, the byte behind it is left to chance.
		for extra := range 2 {
			kept := payload[:min(len(payload), int(bits/8)+extra)]
			for _, first := range random.Perm(256) {
				noise := append(bytes.Clone(kept), byte(first))
				for range n + 64 {
					noise = append(noise, byte(random.Uint32()))
				}
				var seen []byte
				c, err := coder.New(m.codec, l, m.params(func(some []byte, _ []mix.Cost) { seen = append(seen, some...) }))
				if err != nil {
					return err
				}
				got, err := c.Decode(nil, noise, len(whole)) // it does not end as an encoder would have it
				if err != nil && !errors.Is(err, coder.ErrCorrupt) {
					return err
				}
				if len(got) < len(seen) {
					got = seen
				}
				if more = bytes.TrimPrefix(got, text); len(got) > len(text)+n/2 && len(more) < len(got) {
					return nil
				}
			}
		}
		return errors.New("no noise goes on with the text")
	})
	return more, err
}

// params are those of a coder of the method.
func (m method) params(watch mix.Watch) coder.Params {
	p := coder.Params{Window: m.window, Level: m.level, Price: m.price, Without: m.without, Watch: watch}
	if m.model != nil && p.Window.Window == 0 {
		p.Window = usualWindow(m.model)
	}
	return p
}

// job runs one job on a lane.
func (s *study) job(m method, f func(*coder.Lane) error) error {
	begun := false
	return s.work(m, 1, func(bool) (func(*coder.Lane) error, bool) {
		first := !begun
		begun = true
		return f, first
	})
}
