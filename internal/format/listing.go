package format

import (
	"fmt"
	"io"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/timestamp"
)

// Frame is what can be said about a frame of an archive without decoding it.
type Frame struct {
	Header   Header
	Offset   int64 // in the archive, of the header
	Size     int64 // bytes of the archive, from the header to the footer, or to the end of Chunks
	Indexed  bool  // the frame has its index and footer, which agree with Chunks
	Chunks   []Chunk
	Repaired error // a *ChunkError: damage that was met, and could be repaired
}

// Chunk is one chunk of a frame.
type Chunk struct {
	Offset    int64 // of the record in the archive
	Size      int64 // bytes of the record
	RawOffset int64 // in the content of the archive
	RawSize   int64 // bytes
	Lines     int64 // line ends
	Lead      int64 // bytes of text in front of its content that are coded with it; mostly 0
	Method    codec.Method
	CRC32C    uint32           // of the lead and the content
	Failed    *codec.Method    // tried first, but it did not give the chunk back; mostly nil
	Primed    bool             // it starts from the primer
	Times     *timestamp.Range // of its lines; nil: they are not known
}

// ReadIndex lists the frames and chunks of the archive of size bytes in r without decoding it. It
// reads the head of each chunk, and all of a frame that has no index or disagrees with it; there,
// it makes sure that each chunk is intact. With an error it returns what comes before the place
// that is wrong: for an archive that is being written, or was cut off, all whole chunks and
// ErrTruncated. Frames behind one that was not finished are listed, too, before ErrUnfinished.
func ReadIndex(r io.ReaderAt, size int64) ([]Frame, error) {
	var frames []Frame
	var offset, raw int64
	var unfinished error
	for offset < size || len(frames) == 0 {
		f, open, err := readFrame(r, offset, size, raw, true)
		if err == io.EOF { // padding
			break
		}
		if err != nil || open != nil {
			f, open, err = readFrame(r, offset, size, raw, false)
		}
		if f != nil {
			frames = append(frames, *f)
			offset = f.Offset + f.Size
		}
		if unfinished == nil {
			unfinished = open
		}
		if err != nil {
			return frames, err
		}
		for _, c := range f.Chunks {
			raw += c.RawSize
		}
	}
	return frames, unfinished
}

// readFrame lists the frame at offset. It steps over payloads if hop is set: what it finds is to be
// trusted only if the index, which has a checksum, agrees with it. unfinished says that another
// frame follows in place of an index. At the end of the archive it returns io.EOF.
func readFrame(r io.ReaderAt, offset, size, raw int64, hop bool) (f *Frame, unfinished, err error) {
	ahead := 64 << 10
	if hop {
		ahead = 4 << 10
	}
	s := Scanner{In: NewRecorder(io.NewSectionReader(r, offset, size-offset), ahead)}
	s.In.Off = offset
	if offset > 0 {
		s.Frames = 1
	}
	h, err := s.NextFrame()
	if err != nil {
		return nil, nil, err
	}
	f = &Frame{Header: *h, Offset: s.Start, Size: s.size}
	s.Notice = func(damage error) { f.Repaired = damage }
	for {
		c, err := s.NextChunk()
		if err == io.EOF {
			f.Size, f.Indexed = s.In.Off-s.Start, s.Unfinished == nil
			return f, s.Unfinished, nil
		}
		if err != nil {
			return f, nil, err
		}
		if hop {
			err = s.Hop(r, size, c)
		} else {
			err = s.Payload(c)
		}
		if err != nil {
			return f, nil, err
		}
		f.Chunks = append(f.Chunks, Chunk{
			Offset: c.Offset, Size: s.In.Off - c.Offset, RawOffset: raw, RawSize: int64(c.Raw),
			Lines: int64(c.Lines), Lead: int64(c.Lead), Method: c.Method, CRC32C: c.CRC32C, Failed: c.Failed, Primed: c.Primed, Times: c.Times,
		})
		f.Size = s.In.Off - s.Start
		raw += int64(c.Raw)
	}
}

// Hop steps over the payload of c, in an archive of size bytes in r. Its check is not looked at.
func (s *Scanner) Hop(r io.ReaderAt, size int64, c *Record) error {
	n := c.RecordHeader.Payload
	to := s.In.Off + int64(n)
	if to > size {
		return &ChunkError{Index: int(c.Number), Offset: c.Offset, Err: fmt.Errorf("%w: payload of %d bytes, there are %d", ErrTruncated, n, size-s.In.Off)}
	}
	if n <= s.In.r.Buffered() {
		if _, err := s.In.r.Discard(n); err != nil {
			return err
		}
	} else {
		s.In.jump(io.NewSectionReader(r, to, size-to))
	}
	s.In.Off = to
	s.Index.Chunk(s.In.Off-c.Offset, c.Raw, c.Lines)
	return nil
}
