package stream

import (
	"fmt"
	"io"

	"github.com/lmz-go/lmz/codec"
)

// Frame is what can be said about a frame of an archive without decoding it.
type Frame struct {
	Header   Header
	Offset   int64 // in the archive, of the header
	Size     int64 // bytes of the archive, from the header up to the footer, or up to where Chunks ends
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
	Method    codec.Method
	CRC32C    uint32        // of the raw bytes
	Failed    *codec.Method // that the writer tried first: it did not give the chunk back (WithVerify); mostly nil
	Primed    bool          // it starts from the primer
}

// ReadIndex lists the frames and chunks of the archive of size bytes in r without decoding it. It reads the head of each chunk,
// and all of a frame that has no index or disagrees with it; there, it makes sure that each chunk is intact. With an error
// it returns what comes before the place that is wrong: for an archive that is being written, or was cut off, all whole
// chunks and ErrTruncated.
func ReadIndex(r io.ReaderAt, size int64) ([]Frame, error) {
	var frames []Frame
	var offset, raw int64
	for offset < size || len(frames) == 0 {
		f, err := readFrame(r, offset, size, raw, true)
		if err != nil {
			f, err = readFrame(r, offset, size, raw, false)
		}
		if f != nil {
			frames = append(frames, *f)
			offset = f.Offset + f.Size
		}
		if err != nil {
			return frames, err
		}
		for _, c := range f.Chunks {
			raw += c.RawSize
		}
	}
	return frames, nil
}

// readFrame lists the frame at offset. It steps over payloads if hop is set: what it finds is to be trusted only if the
// index, which has a checksum, agrees with it.
func readFrame(r io.ReaderAt, offset, size, raw int64, hop bool) (*Frame, error) {
	ahead := 64 << 10
	if hop {
		ahead = 4 << 10
	}
	s := scanner{in: newRecorder(io.NewSectionReader(r, offset, size-offset), ahead)}
	s.in.off = offset
	if offset > 0 {
		s.frames = 1
	}
	h, err := s.nextFrame()
	if err != nil {
		return nil, err
	}
	f := &Frame{Header: *h, Offset: offset, Size: s.size}
	s.notice = func(damage error) { f.Repaired = damage }
	for {
		c, err := s.nextChunk()
		if err == io.EOF {
			f.Size, f.Indexed = s.in.off-offset, true
			return f, nil
		}
		if err != nil {
			return f, err
		}
		if hop {
			err = s.hop(r, size, c)
		} else {
			err = s.payload(c)
		}
		if err != nil {
			return f, err
		}
		f.Chunks = append(f.Chunks, Chunk{
			Offset: c.offset, Size: s.in.off - c.offset, RawOffset: raw, RawSize: int64(c.raw),
			Lines: int64(c.lines), Method: c.method, CRC32C: c.crc, Failed: c.failed, Primed: c.primed,
		})
		f.Size = s.in.off - offset
		raw += int64(c.raw)
	}
}

// hop steps over the payload of c.
func (s *scanner) hop(r io.ReaderAt, size int64, c *chunk) error {
	n := c.chunkHeader.payload
	to := s.in.off + int64(n)
	if to > size {
		return &ChunkError{int(c.number), c.offset, fmt.Errorf("%w: payload of %d bytes, there are %d", ErrTruncated, n, size-s.in.off)}
	}
	if n <= s.in.r.Buffered() {
		if _, err := s.in.r.Discard(n); err != nil {
			return err
		}
	} else {
		s.in.r.Reset(io.NewSectionReader(r, to, size-to))
	}
	s.in.off = to
	s.index.chunk(s.in.off-c.offset, c.raw, c.lines)
	return nil
}
