package stream

import (
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/merkle"
)

// FrameLines is what package evidence needs to know of a frame.
type FrameLines struct {
	Offset, Size int64        // of its content
	Before       int64        // line ends in front of it
	Lines        int64        // line ends in it
	Hashes       *merkle.Tree // of its lines; nil: it has none, or they are damaged
}

// FrameLines says it of all frames, and decodes nothing. It returns what Err gives, and the error
// of a frame of which nothing can be read.
func (a *Archive) FrameLines() ([]FrameLines, error) {
	if err := a.enter(); err != nil {
		return nil, err
	}
	defer a.leave()
	var list []FrameLines
	for _, f := range a.frames {
		if f.err != nil {
			return nil, f.err
		}
		t := f.total()
		l := FrameLines{Offset: f.raw, Size: t.Raw, Before: f.lines, Lines: t.Lines}
		if t.Raw >= format.MinHashed {
			at, err := a.behindChunks(f, len(f.groups)-2)
			if err != nil {
				return nil, err
			}
			l.Hashes, _, _ = format.ReadLineHashes(a.r, at, t.Offset, t.Raw, t.Lines, a.opts.limit)
		}
		list = append(list, l)
	}
	return list, a.short
}

// behindChunks is where the last chunk of a group ends.
func (a *archive) behindChunks(f *archiveFrame, g int) (int64, error) {
	if g+2 < len(f.groups) && f.listed == nil {
		return f.groups[g+1].Offset, nil
	}
	chunks, err := a.group(f, g)
	if err != nil {
		return 0, err
	}
	last := chunks[len(chunks)-1]
	return last.Offset + last.Size, nil
}
