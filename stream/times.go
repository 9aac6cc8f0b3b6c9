package stream

import (
	"fmt"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/timestamp"
)

// times collects those of the chunks of the frame that is being written.
type times struct {
	begun  []byte // the beginning of the line that goes on behind what was submitted
	chunks []timestamp.Range
}

// context gives the beginning of the line that goes on in a chunk that is submitted.
func (t *times) context(raw []byte) []byte {
	before := t.begun
	t.begun = timestamp.Begun(before, raw)
	return before
}

// section is that of the index; nil if no line has a time.
func (t *times) section(o *writerOptions) []byte {
	if n := len(t.chunks); n > 0 && len(t.begun) > 0 { // the last line has no end
		if s, ok := o.times.Find(t.begun); ok {
			t.chunks[n-1].Add(s)
		}
	}
	for i := range t.chunks {
		if !t.chunks[i].Empty() {
			return format.AppendTimes(nil, o.timeFormat, t.chunks)
		}
	}
	return nil
}

func newFinder(timeFormat string) (*timestamp.Finder, error) {
	f, err := timestamp.NewFinder(timeFormat)
	if err == nil && len(timeFormat) > format.MaxTimeFormat {
		err = fmt.Errorf("the format of times has %d bytes, want at most %d", len(timeFormat), format.MaxTimeFormat)
	}
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	return f, nil
}
