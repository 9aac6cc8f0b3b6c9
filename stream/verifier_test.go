package stream

import (
	"bytes"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/lm"
)

// lying makes the coders of these methods encode other bytes than the chunk's where the chunk
// contains mark.
func lying(mark string, about ...codec.Method) WriterOption {
	return writerOption(func(o *writerOptions) error {
		o.mislead = func(m codec.Method, raw []byte) []byte {
			if at := bytes.Index(raw, []byte(mark)); at >= 0 && slices.Contains(about, m) {
				raw = bytes.Clone(raw)
				raw[at] ^= 1
			}
			return raw
		}
		return nil
	})
}

// failures counts the chunks of an archive by the method that they fell back from.
func failures(t testing.TB, archive []byte) map[codec.Method]int {
	t.Helper()
	frames := framesOf(t, archive)
	n := map[codec.Method]int{}
	for _, f := range frames {
		for _, c := range f.Chunks {
			if c.Failed != nil {
				n[*c.Failed]++
			}
		}
	}
	return n
}

// A coder that is wrong about a chunk costs this chunk its method, not its bytes.
func TestVerifyFallsBack(t *testing.T) {
	log := logExcerpt(t, 20000)
	first, later := bytes.Clone(log), bytes.Clone(log)
	copy(first[100:], "@LIE@")
	copy(later[9000:], "@LIE@")
	all := []codec.Method{codec.Mix, codec.LM, codec.Zstd}
	for _, tt := range []struct {
		name   string
		model  lm.Model
		data   []byte
		opts   []WriterOption
		failed map[codec.Method]int
		use    codec.Method
	}{
		{"mix", nil, later, primed(lying("@LIE@", codec.Mix)), map[codec.Method]int{codec.Mix: 1}, codec.Zstd},
		{"mix and zstd", nil, later, primed(lying("@LIE@", all...)), map[codec.Method]int{codec.Mix: 1}, codec.Raw},
		{"primer", nil, first, primed(lying("@LIE@", codec.Mix)), map[codec.Method]int{codec.Mix: 1}, codec.Zstd},
		{"primer, zstd too", nil, first, primed(lying("@LIE@", all...)), map[codec.Method]int{codec.Mix: 1}, codec.Raw},
		{"dictionary", nil, later, primed(WithDictionary(log[:3000]), lying("@LIE@", codec.Mix)), map[codec.Method]int{codec.Mix: 1}, codec.Zstd},
		{"zstd", nil, later, []WriterOption{WithChunkSize(2000), lying("@LIE@", codec.Zstd)}, map[codec.Method]int{codec.Zstd: 1}, codec.Raw},
		{"bwt", nil, later, []WriterOption{WithMethod(codec.BWT), WithChunkSize(2000), lying("@LIE@", codec.BWT)}, map[codec.Method]int{codec.BWT: 1}, codec.Zstd},
		{"every chunk", nil, log, primed(lying("\n", codec.Mix)), map[codec.Method]int{codec.Mix: 10}, codec.Zstd},
		{"mix and a model", fake, later, primed(lying("@LIE@", codec.Mix)), map[codec.Method]int{codec.Mix: 1}, codec.Zstd},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var archives [][]byte
			for _, workers := range []int{1, 3} {
				var told []error
				var decoded bytes.Buffer
				archive := compress(t, tt.model, tt.data, slices.Concat(tt.opts, []WriterOption{
					WithVerify(&decoded, func(err error) { told = append(told, err) }), WithWorkers(workers)})...)
				if got := failures(t, archive); !maps.Equal(got, tt.failed) {
					t.Errorf("fell back from %v, want %v", got, tt.failed)
				}
				if methods(t, archive)[tt.use] == 0 {
					t.Errorf("methods are %v, want one of %d", methods(t, archive), tt.use)
				}
				var chunk *ChunkError
				if len(told) == 0 || !errors.As(told[0], &chunk) || !errors.Is(told[0], ErrCorrupt) {
					t.Errorf("told of %v", told)
				}
				if !bytes.Equal(decoded.Bytes(), tt.data) {
					t.Errorf("what was decoded differs at %d", differsAt(decoded.Bytes(), tt.data))
				}
				got, err := decompress(archive, WithDictionaries(DictionarySet(log[:3000])))
				if err != nil || !bytes.Equal(got, tt.data) {
					t.Errorf("%v, differs at %d", err, differsAt(got, tt.data))
				}
				archives = append(archives, archive)
			}
			if !bytes.Equal(archives[0], archives[1]) {
				t.Error("the number of workers changes the archive")
			}
		})
	}
}

// Without verification, the same lie is found when the archive is read.
func TestLieWithoutVerify(t *testing.T) {
	log := logExcerpt(t, 9000)
	copy(log[5000:], "@LIE@")
	if _, err := decompress(compress(t, nil, log, primed(lying("@LIE@", codec.Mix))...)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v", err)
	}
}

// drifting is a model whose sessions, from the number on that is given, compute something else.
type drifting struct {
	lm.Model
	other lm.Model
	from  int64
	made  atomic.Int64
}

func (d *drifting) NewSession(lanes, window int) (lm.Session, error) {
	if d.made.Add(1) >= d.from {
		return d.other.NewSession(lanes, window)
	}
	return d.Model.NewSession(lanes, window)
}

// A model that computes other numbers the second time loses the chunks that it was asked about, and
// the archive is good.
func TestVerifyModel(t *testing.T) {
	text := codectest.Generate(t, fake, 20000)
	for _, method := range []codec.Method{codec.LM, codec.Mix} {
		// 1 is the probe's, 2 encodes.
		m := &drifting{Model: fake, other: fakemodel.New(fakemodel.Options{Drift: 1}), from: 3}
		archive := compress(t, m, text, WithMethod(method), WithLevel(8), WithPrimer(0), WithChunkSize(30000),
			WithWorkers(1), WithLanes(1), WithVerify(nil, nil))
		if n := failures(t, archive)[method]; n < 1 {
			t.Errorf("method %d: %d chunks fell back of %v", method, n, methods(t, archive))
		}
		if got, err := decompress(archive); err != nil || !bytes.Equal(got, text) {
			t.Errorf("method %d: %v, differs at %d", method, err, differsAt(got, text))
		}
	}
	// A session that fails says nothing about the chunk.
	failing := &drifting{Model: fake, other: fakemodel.New(fakemodel.Options{FailAt: 20}), from: 3}
	var out bytes.Buffer
	w, err := NewWriter(&out, failing, WithMethod(codec.LM), WithWorkers(1), WithLanes(1), WithVerify(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	w.Write(text)
	if err := w.Close(); !errors.Is(err, fakemodel.ErrFail) {
		t.Errorf("Close gives %v", err)
	}
	if n := fake.OpenSessions(); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
}

// Verification changes no byte of a good archive, and Reset and Flush go with it.
func TestVerifyChangesNothing(t *testing.T) {
	defer goleak.VerifyNone(t)
	log := logExcerpt(t, 12000)
	for name, tt := range map[string]struct {
		model lm.Model
		opts  []WriterOption
	}{
		"mix":        {nil, primed()},
		"dictionary": {nil, primed(WithDictionary(log[:2000]))},
		"model":      {letters, primed()},
		"idle model": {fake, primed()},
		"lm":         {fake, []WriterOption{WithChunkSize(3000)}},
		"zstd":       {nil, []WriterOption{WithChunkSize(3000)}},
		"raw":        {nil, []WriterOption{WithChunkSize(3000), WithMethod(codec.Raw)}},
	} {
		want := compress(t, tt.model, log, tt.opts...)
		for _, workers := range []int{1, 2} {
			got := compress(t, tt.model, log, slices.Concat(tt.opts, []WriterOption{WithVerify(nil, func(err error) { t.Error(err) }), WithWorkers(workers)})...)
			if !bytes.Equal(got, want) {
				t.Errorf("%s, %d workers: archive differs at %d", name, workers, differsAt(got, want))
			}
		}
		var first, second bytes.Buffer
		w, err := NewWriter(&first, tt.model, withMethod(tt.model, slices.Concat(tt.opts, []WriterOption{WithVerify(nil, nil)}))...)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(log[:5000])
		if err := w.Flush(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		w.Reset(&second)
		w.Write(log)
		if err := w.Close(); err != nil || !bytes.Equal(second.Bytes(), want) {
			t.Errorf("%s: after Reset: %v, archive differs at %d", name, err, differsAt(second.Bytes(), want))
		}
	}
}

// A filter that denies what its chunk holds, or where its lines end, is not written: searches find
// what there is.
func TestVerifyFilter(t *testing.T) {
	log := logExcerpt(t, 40000)
	var word string // that few chunks have
	for _, w := range regexp.MustCompile("[a-z]{6,}").FindAllString(string(log[20000:]), -1) {
		if !bytes.Contains(log[:5000], []byte(w)) {
			word = w
			break
		}
	}
	if word == "" {
		t.Fatal("the log has no new word")
	}
	want := strings.Count(string(log), word)
	for name, wrong := range map[string]func(*format.ChunkFilter){
		"other bits": func(f *format.ChunkFilter) {
			for i := range f.Filter[gram.Letters].Bits {
				f.Filter[gram.Letters].Bits[i] ^= 0x55
			}
		},
		"first bits": func(f *format.ChunkFilter) {
			if bits := f.Filter[gram.Letters].Bits; len(bits) > 0 {
				bits[0] ^= 0xff
			}
		},
		// It has no gram.
		"no table": func(f *format.ChunkFilter) { f.Filter = gram.Filter{{Width: 1}, {Width: 1}} },
		"ends":     func(f *format.ChunkFilter) { f.Ends = !f.Ends },
	} {
		var told []error
		misfilter := writerOption(func(o *writerOptions) error {
			o.misfilter = wrong
			return nil
		})
		opts := []WriterOption{WithMethod(codec.Mix), WithLevel(1), WithPrimer(4000), WithChunkSize(3000), WithFilter(true), misfilter}
		verified := compress(t, nil, log, append(opts, WithVerify(nil, func(err error) { told = append(told, err) }))...)
		if len(told) < 5 || !errors.Is(told[0], ErrCorrupt) {
			t.Errorf("%s: told of %d", name, len(told))
		}
		count := func(archive []byte) int64 {
			a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			found, err := a.Search(Search{Pattern: pattern(word)})
			if err != nil {
				return -1
			}
			return found.Lines
		}
		if n := count(verified); n < 1 || n > int64(want) || n != count(compress(t, nil, log, WithMethod(codec.Mix), WithLevel(1))) {
			t.Errorf("%s: %d lines", name, n)
		}
		if name == "no table" && count(compress(t, nil, log, opts...)) == count(verified) {
			t.Error("the wrong filters do nothing: this test cannot fail")
		}
	}
	good := []WriterOption{WithMethod(codec.Mix), WithLevel(1), WithPrimer(4000), WithChunkSize(3000), WithFilter(true)}
	told := 0
	a, b := compress(t, nil, log, good...), compress(t, nil, log, append(good, WithVerify(nil, func(error) { told++ }))...)
	if told > 0 || !bytes.Equal(a, b) {
		t.Errorf("good filters: told of %d", told)
	}
	dictionary := append(good, WithDictionary(log[:5000]))
	a, b = compress(t, nil, log, dictionary...), compress(t, nil, log, append(dictionary, WithVerify(nil, func(error) { told++ }))...)
	if told > 0 || !bytes.Equal(a, b) {
		t.Errorf("good filters with a dictionary: told of %d", told)
	}
}
