package main

import (
	"sync/atomic"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/stream"
)

// writing is the writer that files are compressed with, one after the other: it keeps the probe of
// the model and the state behind a dictionary. What it calls is about the file of the moment.
type writing struct {
	writer   *stream.Writer // nil: there was no file yet
	verifies bool
	now      atomic.Pointer[task]
}

// task is one file that is compressed.
type task struct {
	src   *file.Source
	meter *meter
	proof *file.Proof // may be nil
}

func (w *writing) meter() *meter { return w.now.Load().meter }

func (w *writing) progress(raw, compressed int64) { w.meter().progress(raw, compressed) }

// decoded gets what the records that are written decode to.
type decoded struct{ *writing }

func (d decoded) Write(p []byte) (int, error) {
	if to := d.now.Load().proof.Decoded(); to != nil {
		return to.Write(p)
	}
	return len(p), nil
}
