package stream

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/lm"
)

// lawful are archives with all methods, with and without a model, a primer and several frames, and
// their content.
func lawful(t testing.TB) map[string][2][]byte {
	log := logExcerpt(t, 9000)
	small, content := small(t)
	return map[string][2][]byte{
		"mix":    {compress(t, nil, log, primed()...), log},
		"frames": {small, content},
		"zstd":   {compress(t, nil, log, WithChunkSize(1000)), log},
		"empty":  {compress(t, nil, nil), {}},
	}
}

// The Reader keeps the laws of io.Reader, on one goroutine and on several, however its own input
// arrives.
func TestReaderKeepsLaws(t *testing.T) {
	arrivals := map[string]func(io.Reader) io.Reader{
		"at once":  func(r io.Reader) io.Reader { return r },
		"one byte": iotest.OneByteReader,
		"half":     iotest.HalfReader,
		"data+EOF": iotest.DataErrReader,
		"stutter":  func(r io.Reader) io.Reader { return &stutter{r: r} },
	}
	for kind, a := range lawful(t) {
		for arrival, arrive := range arrivals {
			for _, workers := range []int{1, 2} {
				r, err := NewReader(arrive(bytes.NewReader(a[0])), models, WithWorkers(workers), WithLanes(workers))
				if err != nil {
					t.Fatalf("%s, %s: %v", kind, arrival, err)
				}
				if err := iotest.TestReader(r, a[1]); err != nil {
					t.Errorf("%s, %s, %d workers: %v", kind, arrival, workers, err)
				}
				r.Close()
			}
		}
	}
}

// stutter gives nothing every other time, as io.Reader allows.
type stutter struct {
	r    io.Reader
	last bool
}

func (s *stutter) Read(p []byte) (int, error) {
	if s.last = !s.last; s.last {
		return 0, nil
	}
	return s.r.Read(p)
}

// An error of the input comes out behind all whole chunks in front of it, at every place, and
// stays.
func TestReaderPassesErrors(t *testing.T) {
	cases := 0
	for kind, a := range lawful(t) {
		for at := 0; at <= len(a[0]); at += 1 + 10*thin {
			src := io.MultiReader(bytes.NewReader(a[0][:at]), iotest.ErrReader(errDisk))
			r, err := NewReader(src, models, WithWorkers(1), WithLanes(1))
			var got []byte
			if err == nil {
				got, err = io.ReadAll(r)
				if _, again := r.Read(make([]byte, 1)); !errors.Is(again, errDisk) {
					t.Errorf("%s, %d bytes: the error is not sticky: %v", kind, at, again)
				}
				r.Close()
			}
			if !errors.Is(err, errDisk) || !bytes.HasPrefix(a[1], got) {
				t.Fatalf("%s, %d bytes: %d bytes, %v", kind, at, len(got), err)
			}
			cases++
		}
		r, err := NewReader(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(a[0]))), models)
		if err == nil {
			r.Close()
		}
		if !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("%s: a timeout is %v", kind, err)
		}
	}
	t.Logf("%d cases", cases)
}

// The Writer takes its input as it comes, and passes its errors on.
func TestWriterKeepsLaws(t *testing.T) {
	log := logExcerpt(t, 9000)
	for name, tt := range map[string]struct {
		m    lm.Model
		opts []WriterOption
	}{"mix": {nil, primed()}, "lm": {fake, []WriterOption{WithMethod(codec.LM), WithChunkSize(1000)}}} {
		want := compress(t, tt.m, log, tt.opts...)
		for arrival, arrive := range map[string]func(io.Reader) io.Reader{
			"one byte": iotest.OneByteReader, "half": iotest.HalfReader, "data+EOF": iotest.DataErrReader,
			"stutter": func(r io.Reader) io.Reader { return &stutter{r: r} },
		} {
			var out bytes.Buffer
			w, err := NewWriter(&out, tt.m, slices.Concat(tt.opts, []WriterOption{WithVerify(nil, nil)})...)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := w.ReadFrom(arrive(bytes.NewReader(log))); err != nil || n != int64(len(log)) {
				t.Errorf("%s, %s: %d bytes, %v", name, arrival, n, err)
			}
			if err := w.Close(); err != nil || !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%s, %s: %v, archive differs at %d", name, arrival, err, differsAt(out.Bytes(), want))
			}
		}
		w, err := NewWriter(io.Discard, tt.m, tt.opts...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.ReadFrom(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(log)))); !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("%s: a timeout is %v", name, err)
		}
		if err := w.Close(); !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("%s: Close after a timeout gives %v", name, err)
		}
	}
}

// What was flushed can be decoded, all of it, whatever the method; the archive says that it has no
// end yet.
func TestFlushedIsReadable(t *testing.T) {
	log := logExcerpt(t, 9000)
	for name, tt := range map[string]struct {
		m    lm.Model
		opts []WriterOption
	}{
		"mix":        {nil, primed()},
		"dictionary": {nil, primed(WithDictionary(log))},
		"verified":   {nil, primed(WithVerify(nil, nil))},
		"model":      {fake, primed()},
		"lm":         {fake, []WriterOption{WithMethod(codec.LM), WithChunkSize(1000)}},
		"zstd":       {nil, []WriterOption{WithMethod(codec.Zstd), WithChunkSize(1000)}},
		"bwt":        {nil, []WriterOption{WithMethod(codec.BWT), WithChunkSize(1000)}},
	} {
		var out bytes.Buffer
		w, err := NewWriter(&out, tt.m, tt.opts...)
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for _, size := range []int{0, 1, 30, 0, 2500, 5000, 1} {
			if _, err := w.Write(log[at : at+size]); err != nil {
				t.Fatal(err)
			}
			at += size
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			got, err := decompress(out.Bytes(), WithDictionaries(DictionarySet(log)))
			if !errors.Is(err, ErrUnfinished) || !errors.Is(err, ErrTruncated) || !bytes.Equal(got, log[:at]) {
				t.Errorf("%s, %d bytes flushed: %d can be read, %v", name, at, len(got), err)
			}
			// In the middle of the next record it is truncated, no longer merely unfinished.
			got, err = decompress(append(bytes.Clone(out.Bytes()), format.TagChunk), WithDictionaries(DictionarySet(log)))
			if errors.Is(err, ErrUnfinished) || !errors.Is(err, ErrTruncated) || !bytes.Equal(got, log[:at]) {
				t.Errorf("%s, %d bytes flushed, and one more: %d can be read, %v", name, at, len(got), err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := decompress(out.Bytes(), WithDictionaries(DictionarySet(log))); err != nil || !bytes.Equal(got, log[:at]) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}
