package salvage

import (
	"fmt"
	"io"

	"github.com/lmz-go/lmz/internal/format"
)

// Recovery is an archive of everything that is intact in a damaged one. It holds few records: it
// reads them from the damaged archive, which must stay open, and gives them the numbers, filters
// and index that belong to them now.
type Recovery struct {
	Losses    []Loss  // in the order of the archive
	Repaired  []error // damage that cost nothing, and what is made anew to agree with the content
	Chunks    int64   // that are in it
	Open      int     // frames without an end: what was behind their last chunk is not known
	Undecoded error   // why it is not known whether some of Chunks decode; nil: all do

	image
}

// Loss is a run of chunks that cannot be read any more, or bytes that belong to no chunk.
type Loss struct {
	Offset, Size int64 // of the bytes in the damaged archive that hold them, or something else now
	Chunk        int64 // number of the first one in its frame
	Chunks       int64 // how many; -1: it cannot be known
	RawOffset    int64 // of its first byte in the content as it was; -1: it cannot be known
	RawSize      int64 // bytes of content; -1: it cannot be known
	Line         int64 // line ends in front of it in the content as it was; -1: it cannot be known
	Lines        int64 // line ends in it; -1: it cannot be known
	Err          error // what is wrong with the first one
}

// Intact says whether there is nothing to recover: the archive is as it was written.
func (x *Recovery) Intact() bool { return len(x.Losses) == 0 && len(x.Repaired) == 0 }

// Size of the recovered archive, in bytes; 0 if nothing is intact.
func (x *Recovery) Size() int64 { return x.size }

// WriteTo writes the recovered archive.
func (x *Recovery) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, io.NewSectionReader(x, 0, x.size))
}

// Summary says how many chunks and bytes are bad.
func (x *Recovery) Summary() string {
	var bad, bytes int64
	more, known := "", true
	for _, l := range x.Losses {
		bad += max(l.Chunks, 1)
		bytes += l.RawSize
		known = known && l.RawSize >= 0
		if l.Chunks < 0 {
			more = "at least "
		}
	}
	are := "are"
	if bad == 1 && more == "" {
		are = "is"
	}
	text := fmt.Sprintf("%s%d of %d chunks %s bad", more, bad, x.Chunks+bad, are)
	if known {
		text += fmt.Sprintf(", %d bytes", bytes)
	}
	return text
}

// String names the chunks of a loss, and says where in the content they were.
func (l Loss) String() string {
	var text string
	switch {
	case l.Chunks == 1:
		text = fmt.Sprintf("chunk %d", l.Chunk)
	case l.Chunks > 1:
		text = fmt.Sprintf("chunks %d to %d", l.Chunk, l.Chunk+l.Chunks-1)
	case l.Chunk == 0:
		text = "a frame"
	default:
		text = fmt.Sprintf("what follows chunk %d", l.Chunk-1)
	}
	text += fmt.Sprintf(" at byte %d (", l.Offset)
	switch {
	case l.RawOffset >= 0 && l.RawSize >= 0:
		text += ordinals("byte", l.RawOffset, l.RawSize) + ", " + ordinals("line", l.Line+1, max(l.Lines, 1)) + " of the content"
	case l.RawSize >= 0:
		text += fmt.Sprintf("%d bytes, %d lines of the content, where is not known", l.RawSize, l.Lines)
	case l.RawOffset >= 0:
		text += fmt.Sprintf("from byte %d, line %d of the content on, how much is not known", l.RawOffset, l.Line+1)
	default:
		text += "where in the content, and how much, is not known"
	}
	return text + ")"
}

// ordinals names a range by its first and last, such as "lines 3 to 5".
func ordinals(what string, first, n int64) string {
	if n == 1 {
		return fmt.Sprintf("%s %d", what, first)
	}
	return fmt.Sprintf("%ss %d to %d", what, first, first+n-1)
}

// DamageError is what Verify finds.
type DamageError struct{ Recovery *Recovery }

func (e *DamageError) Error() string {
	x := e.Recovery
	if len(x.Losses) > 0 {
		return fmt.Sprintf("%s: %v; %s", x.Losses[0], x.Losses[0].Err, x.Summary())
	}
	return fmt.Sprintf("%v; all of the %d chunks are good", x.Repaired[0], x.Chunks)
}

// Unwrap gives what is wrong first.
func (e *DamageError) Unwrap() error {
	if len(e.Recovery.Losses) > 0 {
		return e.Recovery.Losses[0].Err
	}
	return e.Recovery.Repaired[0]
}

// notice adds damage to a chunk that cost nothing.
func (x *Recovery) notice(number, offset int64, err error) {
	x.Repaired = append(x.Repaired, &format.ChunkError{Index: int(number), Offset: offset, Err: err})
}
