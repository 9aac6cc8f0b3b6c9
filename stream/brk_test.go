package stream

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lmz-go/lmz/codec"
)

var brkCorpus [][]byte

func brkLoad(t *testing.T) {
	if brkCorpus != nil {
		return
	}
	for _, p := range []string{"binary/*", "loghub-2k/*", "text/alice29.txt", "text/progc", "structured/twitter.json", "logs/Linux.log"} {
		m, _ := filepath.Glob("/work/shared/data/bench/" + p)
		for _, f := range m {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			brkCorpus = append(brkCorpus, b)
		}
	}
}

func brkInput(r *rand.Rand, max int) []byte {
	n := 0
	switch r.IntN(6) {
	case 0:
		n = r.IntN(20)
	case 1:
		n = r.IntN(2000)
	default:
		n = r.IntN(max)
	}
	var b []byte
	for len(b) < n {
		k := 1 + r.IntN(n)
		switch r.IntN(9) {
		case 0:
			b = append(b, bytes.Repeat([]byte{byte(r.IntN(256))}, k)...)
		case 1:
			b = append(b, make([]byte, k)...)
		case 2:
			p := make([]byte, 1+r.IntN(300))
			for i := range p {
				p[i] = byte(r.IntN(256))
			}
			b = append(b, bytes.Repeat(p, 1+k/len(p))...)
		case 3:
			for range min(k, 5000) {
				b = append(b, byte(r.IntN(256)))
			}
		case 4:
			for range min(k, 5000) {
				b = append(b, "ab\n"[r.IntN(3)])
			}
		case 5:
			if len(b) > 0 {
				o := r.IntN(len(b))
				b = append(b, b[o:min(len(b), o+k)]...)
			}
		default:
			c := brkCorpus[r.IntN(len(brkCorpus))]
			o := r.IntN(len(c))
			b = append(b, c[o:min(len(c), o+k)]...)
		}
	}
	return b[:n]
}

type brkOpts struct {
	level, chunk, primer int
	method               codec.Method
	filter               bool
	dict                 []byte
}

func (o brkOpts) String() string {
	return fmt.Sprintf("level %d chunk %d primer %d method %v filter %v dict %d", o.level, o.chunk, o.primer, o.method, o.filter, len(o.dict))
}

func (o brkOpts) w(workers int, verify io.Writer) []WriterOption {
	l := []WriterOption{WithMethod(o.method), WithWorkers(workers), WithFilter(o.filter)}
	if o.level > 0 {
		l = append(l, WithLevel(o.level))
	}
	if o.chunk > 0 {
		l = append(l, WithChunkSize(o.chunk))
	}
	if o.primer >= 0 {
		l = append(l, WithPrimer(o.primer))
	}
	if o.dict != nil {
		l = append(l, WithDictionary(o.dict))
	}
	if verify != nil {
		l = append(l, WithVerify(verify, nil))
	}
	return l
}

func brkRandOpts(r *rand.Rand) brkOpts {
	o := brkOpts{level: 1 + r.IntN(9), method: []codec.Method{codec.Raw, codec.Zstd, codec.Mix, codec.Mix, codec.Mix, codec.Mix}[r.IntN(6)], filter: r.IntN(3) > 0, primer: -1}
	if o.level > 5 && r.IntN(5) > 0 {
		o.level -= 5
	}
	switch r.IntN(4) {
	case 0:
		o.chunk = 1 + r.IntN(100000)
	case 1:
		o.chunk = 500 + r.IntN(3000)
	case 2:
		o.chunk = 20000 + r.IntN(300000)
	}
	if r.IntN(2) == 0 {
		o.primer = r.IntN(50000)
		if r.IntN(3) == 0 {
			o.primer = 0
		}
	}
	if o.chunk > 0 && o.primer > o.chunk {
		o.primer = o.chunk // else it panics: TestBrkLongPrimerLine
	}
	if r.IntN(4) == 0 && o.method == codec.Mix {
		o.dict = brkInput(r, 30000)
	}
	return o
}

// feed writes parts with flushes given by the seed.
func brkFeed(z *Writer, in []byte, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 77))
	for len(in) > 0 {
		k := 1 + r.IntN(len(in))
		if r.IntN(2) == 0 {
			if _, err := z.Write(in[:k]); err != nil {
				return err
			}
		} else {
			if _, err := z.ReadFrom(bytes.NewReader(in[:k])); err != nil {
				return err
			}
		}
		in = in[k:]
		if r.IntN(6) == 0 {
			if err := z.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestBrkRoundTrip(t *testing.T) {
	brkLoad(t)
	secs, _ := strconv.Atoi(os.Getenv("BRK_SECS"))
	if secs == 0 {
		t.Skip()
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("BRK_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	end := time.Now().Add(time.Duration(secs) * time.Second)
	var reader *Reader
	dicts := [][]byte{}
	var mu sync.Mutex
	find := func(ctx context.Context, h [32]byte) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		for _, d := range dicts {
			if sha256.Sum256(d) == h {
				return d, nil
			}
		}
		return nil, ErrNoDictionary
	}
	n := 0
	for ; time.Now().Before(end); n++ {
		s := seed + uint64(n)
		r := rand.New(rand.NewPCG(s, 1))
		o := brkRandOpts(r)
		if o.dict != nil {
			mu.Lock()
			dicts = append(dicts, o.dict)
			mu.Unlock()
		}
		in := brkInput(r, []int{3000, 30000, 150000}[r.IntN(3)])
		ctxt := fmt.Sprintf("seed %d: %v, input %d", s, o, len(in))
		var ref, again bytes.Buffer
		z, err := NewWriter(&ref, nil, o.w(1, nil)...)
		if err != nil {
			t.Fatal(ctxt, err)
		}
		if err := brkFeed(z, in, s); err != nil {
			t.Fatal(ctxt, err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(ctxt, err)
		}
		// another one that did something before
		var ver bytes.Buffer
		var vw io.Writer
		if r.IntN(3) == 0 {
			vw = &ver
		}
		z2, err := NewWriter(io.Discard, nil, o.w(1+r.IntN(4), vw)...)
		if err != nil {
			t.Fatal(ctxt, err)
		}
		for range r.IntN(3) {
			if err := brkFeed(z2, brkInput(r, 40000), s+99); err != nil {
				t.Fatal(ctxt, err)
			}
			switch r.IntN(3) {
			case 0:
				z2.Flush()
			case 1:
				z2.Close()
			}
			z2.Reset(io.Discard)
		}
		z2.Reset(&again)
		ver.Reset()
		if err := brkFeed(z2, in, s); err != nil {
			t.Fatal(ctxt, err)
		}
		if err := z2.Close(); err != nil {
			t.Fatal(ctxt, err)
		}
		if vw != nil && !bytes.Equal(ver.Bytes(), in) {
			t.Error(ctxt, "verify gives", ver.Len())
		}
		if !bytes.Equal(ref.Bytes(), again.Bytes()) {
			t.Error(ctxt, "other bytes after Reset", ref.Len(), again.Len())
			os.WriteFile("/tmp/brk/fail-in", in, 0o644)
		}
		arch := ref.Bytes()
		content := in
		if r.IntN(3) == 0 { // concatenation with padding
			arch = bytes.Join([][]byte{arch, make([]byte, r.IntN(30)), again.Bytes(), make([]byte, r.IntN(3))}, nil)
			content = bytes.Join([][]byte{in, in}, nil)
		}
		workers := 1 + r.IntN(4)
		if reader == nil {
			reader, err = NewReader(bytes.NewReader(arch), nil, WithWorkers(workers), WithDictionaries(find))
			if err != nil {
				t.Fatal(ctxt, err)
			}
		} else if err := reader.Reset(bytes.NewReader(arch)); err != nil {
			t.Fatal(ctxt, err)
		}
		if r.IntN(5) == 0 { // unfinished use
			io.CopyN(io.Discard, reader, int64(r.IntN(len(content)+1)))
			if err := reader.Reset(bytes.NewReader(arch)); err != nil {
				t.Fatal(ctxt, err)
			}
		}
		got, err := io.ReadAll(reader)
		if err != nil || !bytes.Equal(got, content) {
			t.Error(ctxt, "Reader:", err, len(got), len(content))
		}
		a, err := Open(bytes.NewReader(arch), int64(len(arch)), nil, WithWorkers(workers), WithDictionaries(find), WithCache(int64(r.IntN(2)*100000)))
		if err != nil {
			t.Fatal(ctxt, err)
		}
		if a.Err() != nil || a.Size() != int64(len(content)) || a.Lines() != int64(bytes.Count(content, []byte("\n"))) {
			t.Error(ctxt, "Archive", a.Err(), a.Size(), a.Lines())
		}
		var wg sync.WaitGroup
		closer := r.IntN(4) == 0
		for g := range 3 {
			wg.Add(1)
			gs := r.Uint64()
			go func() {
				defer wg.Done()
				r := rand.New(rand.NewPCG(gs, 3))
				v := a
				if g == 1 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(30000))*time.Microsecond)
					defer cancel()
					v = a.WithContext(ctx)
				}
				for range 6 {
					off := int64(r.IntN(len(content) + 2))
					p := make([]byte, r.IntN(20000))
					if r.IntN(3) == 0 {
						p = make([]byte, r.IntN(len(content)+2))
					}
					n, err := v.ReadAt(p, off)
					if off <= int64(len(content)) && !bytes.Equal(p[:n], content[off:min(off+int64(n), int64(len(content)))]) {
						t.Error(ctxt, "ReadAt bytes", off, len(p), n)
					}
					if err == nil && n != len(p) {
						t.Error(ctxt, "ReadAt short without an error", off, len(p), n)
					}
					if err != nil && err != io.EOF && !(g == 1 && errors.Is(err, context.DeadlineExceeded)) && !(closer && errors.Is(err, ErrClosed)) {
						t.Error(ctxt, "ReadAt", off, len(p), n, err)
					}
					if err == io.EOF && off+int64(len(p)) < int64(len(content)) {
						t.Error(ctxt, "ReadAt EOF too early")
					}
					if r.IntN(3) == 0 {
						var b bytes.Buffer
						m := int64(r.IntN(len(content) + 1))
						n, err := v.WriteRange(&b, off, m)
						if n != int64(b.Len()) || off <= int64(len(content)) && !bytes.Equal(b.Bytes(), content[off:min(off+n, int64(len(content)))]) {
							t.Error(ctxt, "WriteRange bytes", off, m, n)
						}
						if err == nil && n != m {
							t.Error(ctxt, "WriteRange short")
						}
					}
					if r.IntN(3) == 0 {
						l := int64(r.IntN(int(a.Lines()) + 2))
						at, err := v.LineOffset(l)
						if err == nil && (int64(bytes.Count(content[:at], []byte("\n"))) != l || l > 0 && content[at-1] != '\n') {
							t.Error(ctxt, "LineOffset", l, at)
						}
						if err == io.EOF && l <= a.Lines() && !(l == a.Lines()) {
							t.Error(ctxt, "LineOffset EOF", l, a.Lines())
						}
					}
				}
			}()
		}
		if closer {
			time.Sleep(time.Duration(r.IntN(20000)) * time.Microsecond)
			if err := a.Close(); err != nil {
				t.Error(ctxt, "Close", err)
			}
		}
		wg.Wait()
		a.Close()
		if _, err := a.ReadAt(make([]byte, 1), 0); err != ErrClosed {
			t.Error(ctxt, "after Close", err)
		}
		if n%20 == 19 {
			reader.Close()
			reader = nil
			dicts = nil
			goleak.VerifyNone(t)
		}
		if t.Failed() {
			break
		}
	}
	if reader != nil {
		reader.Close()
	}
	goleak.VerifyNone(t)
	t.Log(n, "rounds, first seed", seed)
}
