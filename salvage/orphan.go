package salvage

import (
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/stream"
)

var errOrphan = fmt.Errorf("%w: it is intact, but depends on the frame's first chunk", stream.ErrCorrupt)

// addOrphan adds an intact chunk whose primer is lost to the losses, or to the last one if it
// follows that.
func (v *recoverer) addOrphan(e *entry, raw, lines int64) {
	if n := len(v.Losses); n > 0 {
		l := &v.Losses[n-1]
		if l.Chunk+l.Chunks == e.number && errors.Is(l.Err, errOrphan) && l.Offset+l.Size <= e.offset {
			l.Size, l.Chunks, l.RawSize, l.Lines = e.offset+e.size-l.Offset, l.Chunks+1, l.RawSize+int64(e.chunk.Raw), l.Lines+int64(e.chunk.Lines)
			return
		}
	}
	v.Losses = append(v.Losses, Loss{
		Offset: e.offset, Size: e.size, Chunk: e.number, Chunks: 1, RawOffset: raw, RawSize: int64(e.chunk.Raw), Line: lines,
		Lines: int64(e.chunk.Lines), Err: errOrphan,
	})
}
