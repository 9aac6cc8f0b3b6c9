package stream

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/lmz-go/lmz/codec"
)

// EncodeAll writes what a Writer would, next to a frame that is being written, and DecodeAll gives
// it back; both append.
func TestAll(t *testing.T) {
	log := logExcerpt(t, 30000)
	for name, opts := range map[string][]WriterOption{
		"mix":        {WithMethod(codec.Mix), WithLevel(1), WithChunkSize(4000)},
		"one chunk":  {WithMethod(codec.Mix), WithLevel(1)},
		"dictionary": {WithMethod(codec.Mix), WithLevel(1), WithChunkSize(8000), WithDictionary(log[:2000])},
		"verified":   {WithMethod(codec.Mix), WithLevel(1), WithChunkSize(8000), WithDictionary(log[:2000]), WithVerify(nil, nil)},
		"zstd":       {WithMethod(codec.Zstd), WithChunkSize(4000)},
	} {
		t.Run(name, func(t *testing.T) {
			var stream bytes.Buffer
			w, err := NewWriter(&stream, nil, opts...)
			if err != nil {
				t.Fatal(err)
			}
			r, err := NewReader(nil, nil, WithDictionaries(DictionarySet(log[:2000])))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			w.Write(log[:10000])
			for _, text := range [][]byte{log, nil, log[:100], log[5000:]} {
				want := compress(t, nil, text, opts...)
				got, err := w.EncodeAll(text, []byte("before"))
				if err != nil || !bytes.Equal(got, append([]byte("before"), want...)) {
					t.Fatalf("%d bytes: %d bytes of archive, want %d; %v", len(text), len(got)-6, len(want), err)
				}
				back, err := r.DecodeAll(got[6:], []byte("front"))
				if err != nil || !bytes.Equal(back, append([]byte("front"), text...)) {
					t.Fatalf("%d bytes: %d come back, %v", len(text), len(back)-5, err)
				}
			}
			w.Write(log[10000:])
			if err := w.Close(); err != nil || !bytes.Equal(stream.Bytes(), compress(t, nil, log, opts...)) {
				t.Errorf("the Writer's own archive is another: %d bytes, %v", stream.Len(), err)
			}
			if got, err := w.EncodeAll(log, nil); err != nil || !bytes.Equal(got, stream.Bytes()) {
				t.Errorf("behind Close: %d bytes, %v", len(got), err)
			}
		})
	}
}

// Many goroutines share a Writer and a Reader that have no stream.
func TestAllConcurrently(t *testing.T) {
	log := logExcerpt(t, 20000)
	w, err := NewWriter(nil, nil, WithLevel(1), WithDictionary(log[:1000]))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(nil, nil, WithDictionaries(DictionarySet(log[:1000])))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for at := i * 100; at < 2000; at += 900 {
				archive, err := w.EncodeAll(log[at:], nil)
				if err != nil {
					t.Error(err)
				}
				if got, err := r.DecodeAll(archive, nil); err != nil || !bytes.Equal(got, log[at:]) {
					t.Errorf("from %d: %d bytes, %v", at, len(got), err)
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(w.Close(), r.Close()); err != nil {
		t.Error(err)
	}
}

// After an error the next call is as good as new; what was whole is given with it.
func TestAllDamaged(t *testing.T) {
	log := logExcerpt(t, 20000)
	archive := compress(t, nil, log, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(5000), WithPrimer(0))
	chunk := framesOf(t, archive)[0].Chunks[2]
	bad := slices.Clone(archive)
	bad[chunk.Offset+chunk.Size/2] ^= 1
	r, err := NewReader(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for range 3 {
		got, err := r.DecodeAll(bad, nil)
		if !errors.Is(err, ErrCorrupt) || !bytes.Equal(got, log[:chunk.RawOffset]) {
			t.Errorf("damaged: %d bytes, want %d; %v", len(got), chunk.RawOffset, err)
		}
		if got, err := r.DecodeAll(archive[:100], nil); !errors.Is(err, io.ErrUnexpectedEOF) || len(got) > 0 {
			t.Errorf("cut off: %d bytes, %v", len(got), err)
		}
		if got, err := r.DecodeAll(nil, []byte("a")); !errors.Is(err, ErrTruncated) || string(got) != "a" {
			t.Errorf("nothing: %q, %v", got, err)
		}
		if got, err := r.DecodeAll(archive, nil); err != nil || !bytes.Equal(got, log) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

// What an archive holds may take no more memory than its chunks.
func TestAllLimit(t *testing.T) {
	text := make([]byte, 1<<20)
	archive := compress(t, nil, text, WithMethod(codec.Zstd), WithChunkSize(1<<16))
	for limit, want := range map[int64]bool{1 << 20: true, 1<<20 - 1: false} {
		r, err := NewReader(nil, nil, WithMemoryLimit(limit), WithWorkers(1))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.DecodeAll(archive, nil)
		if want != (err == nil) || !want && (!errors.Is(err, ErrTooLarge) || int64(len(got)) > limit) {
			t.Errorf("limit of %d: %d bytes, %v", limit, len(got), err)
		}
		r.Close()
	}
}
