package main

import (
	"sync/atomic"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/stream"
)

// writing has the writers that files are compressed with, one after the other: they keep the probe
// of the model and the state behind a dictionary. What they call is about the file of the moment.
type writing struct {
	writers map[writerKind]*stream.Writer
	now     atomic.Pointer[task]
}

// writerKind is what writers differ in.
type writerKind struct {
	verifies bool
	small    bool // for files that the model is not asked about: it need not even be opened
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
