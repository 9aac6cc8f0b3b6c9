package main

import (
	"errors"
	"strings"
	"sync"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/salvage"
	"github.com/lmz-go/lmz/stream"
)

// report is what came of each file, for --json.
type report struct {
	mu    sync.Mutex
	files []*outcome
	named map[string]*outcome
}

// outcome is what came of one file; its fields are those of --json.
type outcome struct {
	File            string        `json:"file"`
	Result          string        `json:"result"` // "ok", "existing", "skipped" or "failed"
	Output          string        `json:"output,omitempty"`
	RawBytes        *int64        `json:"raw_bytes,omitempty"`
	CompressedBytes *int64        `json:"compressed_bytes,omitempty"`
	Error           string        `json:"error,omitempty"` // or why it was skipped
	Hint            string        `json:"hint,omitempty"`
	Losses          []lossListing `json:"losses,omitempty"`
	Repaired        []string      `json:"repaired_damage,omitempty"`
	Missing         []string      `json:"missing_end,omitempty"` // of frames that were cut off, or not finished
}

// lossListing is a salvage.Loss; what is not known is left out.
type lossListing struct {
	Offset    int64  `json:"offset"` // in the archive
	Bytes     int64  `json:"bytes"`
	RawOffset *int64 `json:"raw_offset,omitempty"` // in the content
	RawBytes  *int64 `json:"raw_bytes,omitempty"`
	Line      *int64 `json:"line,omitempty"` // where it begins, counted from 1
	Lines     *int64 `json:"lines,omitempty"`
	Error     string `json:"error"`
}

// outcome gives what is known of a file, which went well as far as it is.
func (a *app) outcome(name string) *outcome {
	o := &outcome{File: name, Result: "ok"}
	if !a.json {
		return o
	}
	r := &a.report
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.named[name]; known != nil {
		return known
	}
	if r.named == nil {
		r.named = map[string]*outcome{}
	}
	r.named[name] = o
	r.files = append(r.files, o)
	return o
}

func (o *outcome) sizes(raw, compressed int64, output string) {
	o.RawBytes, o.CompressedBytes, o.Output = &raw, &compressed, output
}

// existing says that --skip-existing has found the output.
func (o *outcome) existing(output string) { o.Result, o.Output = "existing", output }

func (o *outcome) skipped(why *ui.SkipError) {
	o.Result, o.Error, o.Hint = "skipped", why.Error(), why.Hint()
}

// kept says that all went well, but for deleting the source.
func (o *outcome) kept(why *ui.SkipError) { o.Error, o.Hint = why.Error(), why.Hint() }

func (o *outcome) failed(err error) {
	o.Result, o.Hint = "failed", hintFor(err)
	o.Error = strings.TrimPrefix(ui.InFile(o.File, err).Error(), ui.Input(o.File)+": ")
	var damage *salvage.DamageError
	if errors.As(err, &damage) {
		o.recovered(damage.Recovery)
	}
}

// recovered says what is wrong with an archive.
func (o *outcome) recovered(x *salvage.Recovery) {
	known := func(n int64) *int64 {
		if n < 0 {
			return nil
		}
		return &n
	}
	for _, l := range x.Losses {
		line := known(l.Line)
		if line != nil {
			*line++
		}
		o.Losses = append(o.Losses, lossListing{
			Offset: l.Offset, Bytes: l.Size, RawOffset: known(l.RawOffset), RawBytes: known(l.RawSize),
			Line: line, Lines: known(l.Lines), Error: l.Err.Error(),
		})
	}
	for _, e := range x.Repaired {
		to := &o.Repaired
		if errors.Is(e, stream.ErrTruncated) {
			to = &o.Missing
		}
		*to = append(*to, e.Error())
	}
}

// printReport prints, if that is asked for, what came of all files.
func (a *app) printReport() error {
	if !a.json {
		return nil
	}
	return printJSON(append([]*outcome{}, a.report.files...)) // [] rather than null
}
