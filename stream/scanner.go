package stream

import (
	"errors"
	"fmt"
	"io"
)

// scanner walks through an archive front to back without decoding: nextFrame, then nextChunk and payload until nextChunk
// returns io.EOF, then nextFrame again.
type scanner struct {
	in     *recorder
	frames int // whose header has been read
	header *Header
	start  int64 // of the frame in the archive
	size   int64 // of the frame's header
	index  index
	notice func(error) // told of what was repaired; may be nil
}

// chunk is one chunk record.
type chunk struct {
	chunkHeader
	number  int64 // in its frame
	offset  int64 // of the record in the archive
	payload []byte
	whole   bool // payload and check have been read
}

func newScanner(r io.Reader) *scanner { return &scanner{in: newRecorder(r, 64<<10)} }

// nextFrame reads the header of a frame. It returns io.EOF at the end of the archive.
func (s *scanner) nextFrame() (*Header, error) {
	s.start = s.in.off
	h, err := readHeader(s.in)
	switch {
	case err == io.EOF && s.frames == 0:
		return nil, fmt.Errorf("%w: the input is empty", ErrTruncated)
	case errors.Is(err, ErrNotArchive) && s.frames > 0:
		return nil, fmt.Errorf("%w: what follows the end of the archive at byte %d is not a frame", ErrCorrupt, s.start)
	case err != nil:
		return nil, err
	}
	s.frames++
	s.header, s.size = h, s.in.off-s.start
	s.index = index{chunkSize: int64(h.ChunkSize)}
	return h, nil
}

// nextChunk reads the next chunk record up to its payload, which must be read next. It returns io.EOF when the frame has ended
// and its index agrees with its records.
func (s *scanner) nextChunk() (*chunk, error) {
	for {
		offset := s.in.off
		s.in.reset()
		tag, err := s.in.ReadByte()
		if err == io.EOF {
			return nil, ErrUnfinished
		}
		if err != nil {
			return nil, err
		}
		switch {
		case tag&tagChunkMask == tagChunk:
			c := &chunk{number: s.index.total.chunks, offset: offset}
			if c.chunkHeader, err = readChunkHeader(s.in, tag, s.header.ChunkSize); err != nil {
				if err = s.repair(c, s.in.buf, err); err != nil {
					return nil, &ChunkError{int(c.number), offset, err}
				}
			}
			if p := s.header.Primer; c.primed && (p == PrimerNone || p == PrimerFirstChunk && c.number == 0) {
				err := fmt.Errorf("%w: chunk depends on a primer, the frame has none", ErrCorrupt)
				if err = s.repair(c, s.in.buf, err); err != nil {
					return nil, &ChunkError{int(c.number), offset, err}
				}
			}
			return c, nil
		case tag == tagIndex:
			if err := readIndex(s.in, &s.index, s.size); err != nil {
				return nil, fmt.Errorf("index at byte %d: %w", offset, err)
			}
			return nil, io.EOF
		case tag == tagAuxiliary:
			if err := readAuxiliary(s.in); err != nil {
				return nil, fmt.Errorf("auxiliary record at byte %d: %w", offset, err)
			}
			s.index.auxiliary(s.in.off - offset)
		default:
			c := &chunk{number: s.index.total.chunks, offset: offset}
			err := fmt.Errorf("%w: no record begins with %02x", ErrCorrupt, tag)
			if err = s.repair(c, s.in.buf, err); err != nil {
				return nil, &ChunkError{int(c.number), offset, err}
			}
			return c, nil
		}
	}
}

// payload reads the payload of the chunk that nextChunk returned and verifies the check of the record.
func (s *scanner) payload(c *chunk) (err error) {
	if !c.whole {
		head := s.in.buf[:len(s.in.buf)-checkSize]
		if c.payload, err = s.in.appendN(c.payload[:0], c.chunkHeader.payload); err == nil {
			err = c.verifyCheck(head, c.payload, c.number)
		}
		if err != nil {
			err = s.repair(c, append(s.in.buf, c.payload...), err)
		}
		if err != nil {
			return &ChunkError{int(c.number), c.offset, err}
		}
	}
	s.index.chunk(s.in.off-c.offset, c.raw, c.lines)
	return nil
}
