package stream

import (
	"fmt"
	"io"
	"sync"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/internal/timestamp"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

type writerOptions struct {
	shared
	method     codec.Method
	chunkSize  int
	primerSize int
	primed     bool // primerSize was asked for
	level      int
	dictionary []byte
	window     kvcache.Policy
	progress   func(raw, compressed int64)
	filter     int // see filterShare; 0: none
	hashes     bool
	timeFormat string
	times      *timestamp.Finder // of timeFormat
	verify     bool
	decoded    io.Writer // may be nil, as may be what follows
	fellBack   func(error)
	twins      sync.Pool // of *Writer, for EncodeAll

	mislead   func(m codec.Method, raw []byte) []byte // for tests: what m encodes instead
	misfilter func(*format.ChunkFilter)               // for tests: changes the chunk's filter
}

const defaultWindow = 512 // tokens

func newWriterOptions(m lm.Model, opts []WriterOption) (*writerOptions, error) {
	o := &writerOptions{
		method: codec.Mix, level: preset.Default, primerSize: -1,
		shared: sharedDefaults(), filter: filterShare, hashes: true, times: new(timestamp.Finder),
	}
	for _, opt := range opts {
		if err := opt.writer(o); err != nil {
			return nil, err
		}
	}
	if o.chunkSize == 0 {
		switch {
		case o.method == codec.Mix:
			o.chunkSize = preset.Level(o.level).ChunkSize
		case o.method.ByTokens():
			o.chunkSize = preset.ModelChunkSize
		case o.method == codec.BWT:
			o.chunkSize = preset.BWTChunkSize
		default:
			o.chunkSize = preset.PlainChunkSize
		}
	}
	if o.primerSize < 0 {
		o.primerSize = preset.PrimerSize(o.chunkSize)
	}
	if o.method != codec.Mix {
		o.level, o.primerSize, o.dictionary = 0, 0, nil
		if o.method == codec.BWT {
			o.level = 1 // it has none, but readers are told that it takes tables
		}
	} else if o.dictionary != nil {
		o.primerSize = 0
	}
	if m == nil && o.method.ByTokens() {
		return nil, codec.ErrNoModel
	}
	if m == nil || !asksModel(o.method) {
		return o, nil
	}
	if o.window == (kvcache.Policy{}) {
		n := min(m.ContextLength(), defaultWindow)
		o.window = kvcache.Policy{Reset: kvcache.Overlap, Window: n, Overlap: n / 4}
	}
	if engine.FixedLanes(m) > 0 {
		o.verify = true // GPUs have been seen to give other bits now and then
	}
	return o, engine.CheckWindow(o.window, m)
}

func asksModel(m codec.Method) bool { return m.ByTokens() || m == codec.Mix }

// WithMethod sets how chunks are coded: codec.Mix by default, which asks the model if there is one,
// and up to level 4 leaves large chunks of prose to codec.BWT where it asks none; below level 9 the
// frame names no model, and can be read without it, if that saves less than 1 % of the first chunk,
// at level 9 if it saves less than its name takes. A chunk for which the method cannot be used, or
// gives more bytes than codec.Zstd or codec.Raw, is coded with these. It changes the archive's
// bytes. It returns codec.ErrMethod for a method that the program was built without.
func WithMethod(m codec.Method) WriterOption {
	return writerOption(func(o *writerOptions) error {
		o.method = m
		return coder.Check(m)
	})
}

// WithChunkSize sets the most bytes of a chunk, 1 … 2^30: by default 8 to 64 MiB with codec.Mix,
// rising with the level, 8 MiB with codec.BWT, 64 KiB with methods that code tokens, else 1 MiB. It
// changes the archive's bytes.
func WithChunkSize(bytes int) WriterOption {
	return writerOption(func(o *writerOptions) error {
		if bytes < 1 || bytes > format.MaxChunkSize {
			return fmt.Errorf("stream: chunk size of %d bytes, want 1 to %d", bytes, format.MaxChunkSize)
		}
		o.chunkSize = bytes
		return nil
	})
}

// WithLevel sets the level of codec.Mix, 0 (fastest) … 9 (smallest): 6 by default. It changes the
// archive's bytes.
func WithLevel(n int) WriterOption {
	return writerOption(func(o *writerOptions) error {
		o.level = n
		if n < 0 || n > preset.Max {
			return fmt.Errorf("stream: level %d, want 0 to %d", n, preset.Max)
		}
		return nil
	})
}

// WithPrimer sets the size of the frame's first chunk with codec.Mix where the input does not fit
// into one chunk, 0 … 2^30: 256 KiB by default, or 1 MiB where chunks are smaller than that, and
// none where the first chunk is prose that is left to codec.BWT. All other chunks start from the
// state that it leaves; a reader must decode it before them. By default text from the first 16 MiB,
// or 32 where chunks are 1 MiB and more, that other chunks have in common is coded in front of it
// (FORMAT.md, a lead); nothing is written until these have come. With 0 all chunks start from nothing.
// It changes the archive's bytes.
func WithPrimer(bytes int) WriterOption {
	return writerOption(func(o *writerOptions) error {
		if bytes < 0 || bytes > format.MaxChunkSize {
			return fmt.Errorf("stream: primer of %d bytes, want 0 to %d", bytes, format.MaxChunkSize)
		}
		o.primerSize, o.primed = bytes, true
		return nil
	})
}

// WithDictionary makes all chunks of codec.Mix start from the state that text leaves, instead of a
// primer: readers need the same text. It changes the archive's bytes.
func WithDictionary(text []byte) WriterOption {
	return writerOption(func(o *writerOptions) error {
		o.dictionary = text
		return nil
	})
}

// WithWindow sets how the model's window moves: by default 512 tokens, or the model's context if
// that is less, with an overlap of a quarter. It changes the archive's bytes.
func WithWindow(p kvcache.Policy) WriterOption {
	return writerOption(func(o *writerOptions) error {
		o.window = p
		return p.Validate()
	})
}

// WithFilter sets whether chunks get filters, which tell a search what they do not hold: true by
// default. Filters take at most 2 % of the payload of chunks of codec.Mix, codec.BWT and methods
// that code tokens, of a frame with several; other chunks get none. It changes the archive's bytes.
func WithFilter(on bool) WriterOption {
	return writerOption(func(o *writerOptions) error {
		if o.filter = 0; on {
			o.filter = filterShare
		}
		return nil
	})
}

// WithLineHashes sets whether frames of 1 MiB and more keep hashes of their lines, so that package
// evidence need not decode all of a frame to prove a line: true by default. They take about 32
// bytes for each 4 MiB of content. It changes the archive's bytes, but nothing that is proven.
func WithLineHashes(on bool) WriterOption {
	return writerOption(func(o *writerOptions) error {
		o.hashes = on
		return nil
	})
}

// WithTimeFormat sets how the times of lines are written, as strftime has it (%Y-%m-%d %H:%M:%S).
// By default, and for "", they are looked for in the usual forms. Each chunk, but one that is small
// and alone, says which times its lines have, which takes about 12 bytes, so that a search of a
// time need not decode the others. It changes the archive's bytes.
func WithTimeFormat(format string) WriterOption {
	return writerOption(func(o *writerOptions) (err error) {
		o.timeFormat = format
		o.times, err = newFinder(format)
		return err
	})
}

// WithProgress makes the Writer call f after each chunk that it has written, with the raw bytes of
// the chunks so far and the archive's bytes that hold them. f is called on the goroutine that uses
// the Writer.
func WithProgress(f func(raw, compressed int64)) WriterOption {
	return writerOption(func(o *writerOptions) error {
		o.progress = f
		return nil
	})
}

// WithVerify makes the Writer decode each chunk before it writes it, with coders, sessions of the
// model and a primed state that share nothing with those that encoded it. A chunk that does not
// give the same bytes back is coded with codec.Zstd instead, or codec.Raw, and says so in its
// record (Chunk.Failed). Each worker takes as much memory again as it does without, and coding
// takes about twice the time. It changes no byte of an archive that can be read. With a model that
// is an lm.Fixed, of a GPU, a Writer does so without this option, too.
//
// A filter that is wrong about its chunk is left out.
//
// The decoded bytes are written to decoded, in order, and fellBack is told of each chunk that did
// not come back, a *ChunkError; both are used on the goroutine that uses the Writer, and may be
// nil.
func WithVerify(decoded io.Writer, fellBack func(error)) WriterOption {
	return writerOption(func(o *writerOptions) error {
		o.verify, o.decoded, o.fellBack = true, decoded, fellBack
		return nil
	})
}
