package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/search"
)

// within fails the test if f has not returned in good time: it hangs.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("hangs")
	}
}

// writing is a Writer that calls a function.
type writing func() error

func (f writing) Write(p []byte) (int, error) { return len(p), f() }

// callers call back from every function that an Archive calls.
var callers = map[string]func(a *Archive, call func() error) error{
	"Found": func(a *Archive, call func() error) error {
		_, err := a.Search(Search{Pattern: pattern("e"), Found: func(Line) error { return call() }})
		return err
	},
	"Damaged": func(a *Archive, call func() error) error {
		_, err := a.Search(Search{Pattern: pattern("e"), Damaged: func(*LostError) error { return call() }})
		return err
	},
	"WriteTo": func(a *Archive, call func() error) error { _, err := a.WriteTo(writing(call)); return err },
	"WriteRange": func(a *Archive, call func() error) error {
		_, err := a.WriteRange(writing(call), 100, 3000)
		return err
	},
}

func pattern(s string) *search.Pattern {
	p, err := search.Compile(s, search.Options{})
	if err != nil {
		panic(err)
	}
	return p
}

// Whatever a function that an Archive calls does with the Archive, nothing hangs, and nothing is
// left.
func TestCallBack(t *testing.T) {
	log := logExcerpt(t, 20000)
	archive := compress(t, nil, log, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(2000), WithPrimer(1000))
	archive[len(archive)/2] ^= 1 // for Damaged; in front of it, the others call
	for name, from := range callers {
		for _, workers := range []int{1, 2} {
			open := func() *Archive {
				a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil, WithWorkers(workers))
				if err != nil {
					t.Fatal(err)
				}
				return a
			}
			t.Run(fmt.Sprintf("%s, %d workers, reads", name, workers), func(t *testing.T) {
				within(t, func() {
					a := open()
					defer a.Close()
					calls := 0
					from(a, func() error {
						calls++
						if _, err := a.ReadAt(make([]byte, 100), 500); err != nil {
							t.Error("ReadAt:", err)
						}
						if _, err := a.LineOffset(3); err != nil {
							t.Error("LineOffset:", err)
						}
						if _, err := a.WriteRange(io.Discard, 10, 20); err != nil {
							t.Error("WriteRange:", err)
						}
						if _, err := a.Search(Search{Pattern: pattern("x"), Damaged: func(*LostError) error { return nil }}); err != nil {
							t.Error("Search:", err)
						}
						return nil
					})
					if calls == 0 {
						t.Error("nothing was called")
					}
				})
				goleak.VerifyNone(t)
			})
			t.Run(fmt.Sprintf("%s, %d workers, closes", name, workers), func(t *testing.T) {
				within(t, func() {
					a := open()
					err := from(a, func() error {
						time.Sleep(10 * time.Millisecond) // what is decoded ahead has come
						if err := a.Close(); err != nil {
							t.Error("Close:", err)
						}
						if _, err := a.ReadAt(make([]byte, 10), 0); err != ErrClosed {
							t.Error("ReadAt of a closed one:", err)
						}
						return nil
					})
					if err != ErrClosed {
						t.Error("after Close:", err)
					}
				})
				goleak.VerifyNone(t)
			})
			t.Run(fmt.Sprintf("%s, %d workers, while another one closes", name, workers), func(t *testing.T) {
				within(t, func() {
					a := open()
					closed := make(chan struct{})
					once := false
					from(a, func() error {
						if !once {
							once = true
							go func() {
								a.Close()
								close(closed)
							}()
							time.Sleep(10 * time.Millisecond)
						}
						_, err := a.ReadAt(make([]byte, 10), 0)
						return err
					})
					<-closed
				})
				goleak.VerifyNone(t)
			})
		}
	}
}

// A source of models may use the Archive, or close it.
func TestCallBackOfModels(t *testing.T) {
	text := modelText(3000)
	archive := compress(t, letters, text, WithMethod(codec.LM), WithChunkSize(500))
	within(t, func() {
		var a *Archive
		a, err := Open(bytes.NewReader(archive), int64(len(archive)), func(ctx context.Context, id lm.ModelID) (lm.Model, error) {
			a.Close()
			return letters, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.ReadAt(make([]byte, 10), 0); err != ErrClosed {
			t.Error(err)
		}
	})
	goleak.VerifyNone(t)
}

// Calls of a view end with its context, and others go on.
func TestWithContext(t *testing.T) {
	log := logExcerpt(t, 20000)
	archive := compress(t, nil, log, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(2000), WithPrimer(1000))
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil, WithWorkers(2))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	gone := errors.New("the client is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	view := a.WithContext(ctx)
	lines := 0
	_, err = view.Search(Search{Pattern: pattern("e"), Found: func(Line) error {
		if lines++; lines == 2 {
			cancel(gone)
		}
		return nil
	}})
	if err != gone || lines >= strings.Count(string(log), "\n")/2 {
		t.Errorf("%v after %d lines", err, lines)
	}
	for name, call := range map[string]func() error{
		"ReadAt":     func() error { _, err := view.ReadAt(make([]byte, 10), 0); return err },
		"LineOffset": func() error { _, err := view.LineOffset(5); return err },
		"WriteRange": func() error { _, err := view.WriteRange(io.Discard, 0, 9000); return err },
		"WriteTo":    func() error { _, err := view.WriteTo(io.Discard); return err },
		"Read":       func() error { _, err := view.Read(make([]byte, 10)); return err },
	} {
		if err := call(); err != gone {
			t.Errorf("%s: %v", name, err)
		}
	}
	var all bytes.Buffer
	if _, err := a.WriteTo(&all); err != nil || !bytes.Equal(all.Bytes(), log) {
		t.Errorf("the Archive itself: %v", err)
	}
}

// A context ends also while the first header is waited for, and while a model is.
func TestContextOfFirstHeader(t *testing.T) {
	gone := errors.New("gone")
	for _, workers := range []int{1, 2} {
		ctx, cancel := context.WithCancelCause(t.Context())
		pr, pw := io.Pipe()
		time.AfterFunc(20*time.Millisecond, func() { cancel(gone) })
		within(t, func() {
			if _, err := NewReader(pr, nil, WithContext(ctx), WithWorkers(workers), WithLanes(1)); err != gone {
				t.Error(err)
			}
		})
		pw.Close()

		archive := compress(t, letters, modelText(300), WithMethod(codec.LM))
		ctx, cancel = context.WithCancelCause(t.Context())
		within(t, func() {
			_, err := NewReader(bytes.NewReader(archive), func(ctx context.Context, _ lm.ModelID) (lm.Model, error) {
				cancel(gone)
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}, WithContext(ctx), WithWorkers(workers), WithLanes(1))
			if err != gone {
				t.Error(err)
			}
		})
	}
	goleak.VerifyNone(t)
}

// What is nil, or not a reader by the laws, gives errors.
func TestNothing(t *testing.T) {
	log := logExcerpt(t, 3000)
	archive := compress(t, nil, log, WithMethod(codec.Mix), WithLevel(1))
	for _, workers := range []int{1, 2} {
		r, err := NewReader(bytes.NewReader(archive), nil, WithWorkers(workers))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Reset(nil); err == nil {
			t.Error("Reader.Reset(nil) gives no error")
		}
		if _, err := r.Read(make([]byte, 1)); err == nil {
			t.Error("Read after Reset(nil) gives no error")
		}
		if _, err := r.WriteTo(io.Discard); err == nil {
			t.Error("WriteTo after Reset(nil) gives no error")
		}
		if err := r.Reset(bytes.NewReader(archive)); err != nil {
			t.Error(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, log) {
			t.Error("after another Reset:", err)
		}
		if err := r.Reset(iotest.ErrReader(io.ErrClosedPipe)); err != io.ErrClosedPipe {
			t.Error(err)
		}
		if _, err := r.Read(make([]byte, 1)); err != io.ErrClosedPipe {
			t.Error(err)
		}
		r.Close()
	}
	none, err := NewReader(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Error("Read of NewReader(nil):", err)
	}
	if err := none.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(nil, 10, nil); err == nil {
		t.Error("Open(nil) gives no error")
	}
	for name, use := range map[string]func(*Writer) error{
		"Write":    func(w *Writer) error { _, err := w.Write(log); return err },
		"ReadFrom": func(w *Writer) error { _, err := w.ReadFrom(bytes.NewReader(log)); return err },
		"Flush":    (*Writer).Flush,
	} {
		w, err := NewWriter(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if use(w) == nil || w.Close() == nil {
			t.Errorf("%s of NewWriter(nil), or Close behind it, gives no error", name)
		}
	}
	w, err := NewWriter(io.Discard, nil, withMethod(nil, []WriterOption{WithMethod(codec.Mix), WithLevel(1)})...)
	if err != nil {
		t.Fatal(err)
	}
	w.Reset(nil)
	if _, err := w.Write(log); err == nil {
		t.Error("Write after Reset(nil) gives no error")
	}
	if err := w.Close(); err == nil {
		t.Error("Close after Reset(nil) gives no error")
	}
	for _, bad := range []badReader{{-1, io.EOF}, {math.MaxInt, nil}, {-5, nil}} {
		w.Reset(io.Discard)
		if _, err := w.ReadFrom(bad); err == nil {
			t.Errorf("ReadFrom with %d bytes read gives no error", bad.n)
		}
		if err := w.Close(); err == nil {
			t.Error("Close makes an archive of it")
		}
	}
	var out bytes.Buffer
	w.Reset(&out)
	w.Write(log)
	if err := w.Close(); err != nil || !bytes.Equal(out.Bytes(), archive) {
		t.Error("after another Reset:", err)
	}
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Search(Search{}); err == nil {
		t.Error("a search without a pattern gives no error")
	}
}

// A Write that claims a count it cannot have is an error, of whoever calls it.
func TestBadWrite(t *testing.T) {
	log := logExcerpt(t, 3000)
	archive := compress(t, nil, log, WithMethod(codec.Mix), WithLevel(1))
	for _, bad := range []badWriter{-1, 0, 1, math.MaxInt} {
		w, err := NewWriter(bad, nil, WithLevel(1))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(log)
		if err := w.Close(); err == nil {
			t.Errorf("Writer, where %d bytes were written: no error", bad)
		}
		for _, workers := range []int{1, 2} {
			r, err := NewReader(bytes.NewReader(archive), nil, WithWorkers(workers))
			if err != nil {
				t.Fatal(err)
			}
			if n, err := r.WriteTo(bad); err == nil || n < 0 || n > 1 {
				t.Errorf("Reader, where %d bytes were written: %d, %v", bad, n, err)
			}
			r.Close()
			a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil, WithWorkers(workers))
			if err != nil {
				t.Fatal(err)
			}
			if n, err := a.WriteTo(bad); err == nil || n < 0 || n > 1 {
				t.Errorf("Archive, where %d bytes were written: %d, %v", bad, n, err)
			}
			a.Close()
		}
	}
}

type badWriter int

func (b badWriter) Write([]byte) (int, error) { return int(b), nil }

type badReader struct {
	n   int
	err error
}

func (b badReader) Read([]byte) (int, error) { return b.n, b.err }

// Bytes and frames are the same after any number of Resets, and goroutines and sessions are gone
// after Close.
func TestResets(t *testing.T) {
	texts := [][]byte{modelText(3000), nil, logExcerpt(t, 2000), modelText(50)}
	for _, workers := range []int{1, 2} {
		var out bytes.Buffer
		opts := withMethod(letters, []WriterOption{WithMethod(codec.Mix), WithLevel(2), WithChunkSize(700), WithPrimer(300)})
		w, err := NewWriter(&out, letters, append(opts, WithWorkers(workers), WithVerify(nil, nil))...)
		if err != nil {
			t.Fatal(err)
		}
		var r *Reader
		for i, text := range slices.Concat(texts, texts) {
			w.Write(text)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if want := compress(t, letters, text, WithMethod(codec.Mix), WithLevel(2), WithChunkSize(700), WithPrimer(300)); !bytes.Equal(out.Bytes(), want) {
				t.Errorf("archive %d differs", i)
			}
			if r == nil {
				r, err = NewReader(bytes.NewReader(out.Bytes()), models, WithWorkers(workers))
			} else {
				err = r.Reset(bytes.NewReader(out.Bytes()))
			}
			if err != nil {
				t.Fatal(err)
			}
			if i%3 == 1 { // not to the end
				io.CopyN(io.Discard, r, int64(len(text)/2))
			} else if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, text) {
				t.Errorf("content %d: %v", i, err)
			}
			out.Reset()
			w.Reset(&out)
		}
		w.Close()
		r.Close()
		goleak.VerifyNone(t)
		if n := letters.OpenSessions(); n != 0 {
			t.Errorf("%d sessions are open", n)
		}
	}
}

// uncomparable is a model of a type that has no ==.
type uncomparable struct {
	lm.Model
	_ []int
}

// A Writer, a Reader and an Archive compare no models of users.
func TestUncomparableModel(t *testing.T) {
	m := uncomparable{Model: letters}
	source := func(context.Context, lm.ModelID) (lm.Model, error) { return m, nil }
	text := modelText(3000)
	for _, workers := range []int{1, 2} {
		archive := compress(t, m, text, WithChunkSize(500), WithWorkers(workers), WithVerify(nil, nil))
		r, err := NewReader(bytes.NewReader(archive), source, WithWorkers(workers))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, text) {
			t.Error(err)
		}
		r.Close()
		a, err := Open(bytes.NewReader(archive), int64(len(archive)), source, WithWorkers(workers))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.WriteTo(io.Discard); err != nil {
			t.Error(err)
		}
		a.Close()
	}
}
