package stream

import (
	"bytes"
	"fmt"

	"github.com/lmz-go/lmz/internal/engine"
)

// EncodeAll appends an archive of src to dst and returns that. It has the Writer's model and
// options, and bears on nothing that is being written with it: a Writer that serves EncodeAll alone
// is made with NewWriter(nil, …). Tables are kept for the next call.
//
// EncodeAll may be called concurrently with itself, also after Close, but not with other methods;
// functions that options name must then allow that, too.
func (z *Writer) EncodeAll(src, dst []byte) ([]byte, error) {
	w, ok := z.opts.twins.Get().(*Writer)
	if !ok {
		says := *z.says
		w = &Writer{model: z.model, opts: z.opts, says: &says, id: z.id, spare: new(engine.Spare), primed: z.primed}
	}
	defer z.opts.twins.Put(w)
	out := appender{dst, -1}
	w.Reset(&out)
	_, err := w.Write(src)
	if e := w.Close(); err == nil {
		err = e
	}
	w.w = nil
	if err != nil {
		return dst, err
	}
	return out.to, nil
}

// DecodeAll appends what the archive in input holds to dst and returns that; with an error, what is
// whole in front of it. Errors are those of NewReader and Read, and ErrTooLarge where the content
// alone is larger than WithMemoryLimit allows, or 1 GiB. It has the Reader's models and options,
// and bears on nothing that is being read with it: a Reader that serves DecodeAll alone is made
// with NewReader(nil, …). Tables are kept for the next call.
//
// DecodeAll may be called concurrently with itself, also after Close, but not with other methods;
// functions that options name must then allow that, too.
func (z *Reader) DecodeAll(input, dst []byte) ([]byte, error) {
	r, ok := z.opts.twins.Get().(*Reader)
	if !ok {
		r = &Reader{opts: z.opts, engine: newEngine(z.opts)}
	}
	defer z.opts.twins.Put(r)
	defer r.stop()
	if err := r.Reset(bytes.NewReader(input)); err != nil {
		return dst, err
	}
	out := appender{dst, z.opts.limit}
	_, err := r.WriteTo(&out)
	return out.to, err
}

// appender appends what is written to it, at most so many bytes; with -1 any number.
type appender struct {
	to   []byte
	most int64
}

func (a *appender) Write(p []byte) (int, error) {
	if a.most >= 0 {
		if int64(len(p)) > a.most {
			return 0, fmt.Errorf("%w: what it holds, of which there are %d bytes and %d more", ErrTooLarge, len(a.to), len(p))
		}
		a.most -= int64(len(p))
	}
	a.to = append(a.to, p...)
	return len(p), nil
}
