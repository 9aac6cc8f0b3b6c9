// Package cost tells what each byte of an archive costs, in bits, and what foresaw it: for people
// who want to know where the bits go. It decodes the archive and watches the coder's interval, so
// the costs of a chunk add up to the size of its payload but for the end of the coder, two bytes at
// most.
package cost

import (
	"context"
	"io"

	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/mix"
)

// The types are those of package mix, which knows best.
type (
	Byte   = mix.Cost
	Winner = mix.Winner
)

// Winners is how many there are.
const Winners = mix.Winners

// Options say how an archive is read.
type Options struct {
	Models       engine.ModelSource  // nil: archives that name a model cannot be read
	Dictionaries engine.Dictionaries // nil: those that name a dictionary cannot be read
	Memory       int64               // limit in bytes, tables included; 0: that of a stream.Reader
	Notice       func(error)         // told of damage that was repaired; may be nil
}

// Visitor is told of an archive as it is walked through. Fields may be nil.
type Visitor struct {
	Frame func(*format.Header)

	// Chunk says whether a chunk, whose payload has not been read, is to be looked at. Others are
	// decoded only where later ones start from them.
	Chunk func(*format.Record) bool

	// Bytes gets what the bytes of these chunks are and cost, some at a time, in order. The slices
	// are valid during the call. A method that says nothing of single bytes charges all of them the
	// same. What it is told of a chunk that then turns out to be damaged is wrong.
	Bytes func(text []byte, costs []Byte)

	// Lead gets what text costs that such a chunk is coded behind and that is no content, in bits.
	Lead func(bits float64)

	Done func(*format.Record) // behind the bytes of such a chunk
}

// Walk decodes an archive, one chunk after the other. It returns what a stream.Reader would, and
// how many bytes the archive has.
func Walk(ctx context.Context, r io.Reader, o Options, v Visitor) (size int64, err error) {
	e := engine.New(ctx, engine.Options{
		Workers: 1, Lanes: 1, Inline: true, Limit: limit(o), Limited: o.Memory > 0, States: 1,
		Models: o.Models, Dictionaries: o.Dictionaries,
	})
	defer e.Close()
	w := walk{ctx: ctx, scan: format.NewScanner(r), engine: e, visit: v}
	w.scan.Notice = o.Notice
	for err == nil {
		err = w.nextFrame()
	}
	if err == io.EOF {
		err = nil
	}
	return w.scan.In.Off, err
}

// defaultMemory is for a chunk; tables come on top.
const defaultMemory = 1 << 30

func limit(o Options) int64 {
	if o.Memory > 0 {
		return o.Memory
	}
	return defaultMemory
}

type walk struct {
	ctx    context.Context
	scan   *format.Scanner
	engine *engine.Engine
	visit  Visitor
	first  []byte // what others start from, where its method leaves no state
}

func (w *walk) nextFrame() error {
	h, err := w.scan.NextFrame()
	if err != nil {
		return err
	}
	f, err := w.engine.Frame(w.ctx, h, w.scan.Start)
	if err != nil {
		return err
	}
	if _, err := w.engine.Dictionary(w.ctx, h); err != nil {
		return err
	}
	w.engine.Next(h)
	if w.visit.Frame != nil {
		w.visit.Frame(h)
	}
	for {
		r, err := w.scan.NextChunk()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = w.chunk(f, r)
		}
		if err != nil {
			return err
		}
	}
}

func (w *walk) chunk(f *engine.Frame, r *format.Record) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	fail := func(err error) error {
		return &format.ChunkError{Index: int(r.Number), Offset: r.Offset, Err: err}
	}
	c := engine.Chunk{Record: r, Keeps: r.Number == 0 && f.Header.Primer == format.PrimerFirstChunk}
	looks := w.visit.Chunk == nil || w.visit.Chunk(r)
	if err := w.engine.Admit(w.ctx, f, &c, r.Number, int64(r.Lead+r.Raw), int64(r.RecordHeader.Payload), r.Primed); err != nil {
		return fail(err)
	}
	defer w.engine.Release(&c)
	if err := w.scan.Payload(r); err != nil || !looks && !c.Keeps {
		return err
	}
	told := false
	if looks && w.visit.Bytes != nil {
		content := w.behindLead(r.Lead)
		c.Watch = func(text []byte, costs []Byte) {
			told = true
			content(text, costs)
		}
	}
	if r.Primed {
		state, err := w.engine.Primed(w.ctx, f, func(context.Context) ([]byte, error) { return w.first, nil })
		if err != nil {
			return fail(err)
		}
		w.engine.Submit(f, &c, state)
	} else {
		w.engine.Submit(f, &c, nil)
	}
	w.engine.Kick()
	if err := c.Wait(w.ctx); err != nil {
		return fail(err)
	}
	if c.Watch != nil && !told {
		spread(c.Text, len(r.Payload), c.Watch)
	}
	if c.Keeps {
		w.first = c.Text
		w.engine.Keep(f, &c)
	}
	if looks && w.visit.Done != nil {
		w.visit.Done(r)
	}
	return nil
}

// behindLead tells the visitor of what comes behind the first bytes, and what these take.
func (w *walk) behindLead(lead int) mix.Watch {
	return func(text []byte, costs []Byte) {
		n := min(lead, len(text))
		if lead -= n; n > 0 && w.visit.Lead != nil {
			bits := 0.0
			for _, c := range costs[:n] {
				bits += float64(c.Bits)
			}
			w.visit.Lead(bits)
		}
		if n < len(text) {
			w.visit.Bytes(text[n:], costs[n:])
		}
	}
}

// spread charges all bytes of a chunk the same.
func spread(raw []byte, payload int, tell mix.Watch) {
	costs := make([]Byte, min(len(raw), 4096))
	for i := range costs {
		costs[i] = Byte{Bits: float32(8 * float64(payload) / float64(len(raw))), Winner: mix.Stored}
	}
	for len(raw) > 0 {
		n := min(len(raw), len(costs))
		tell(raw[:n], costs[:n])
		raw = raw[n:]
	}
}
