package format

import (
	"errors"
	"fmt"
	"io"
)

// Scanner walks through an archive front to back without decoding: NextFrame, then NextChunk and
// Payload, or Hop, until NextChunk returns io.EOF, then NextFrame again.
type Scanner struct {
	In     *recorder
	Frames int     // whose header has been read
	Header *Header // of the frame at hand
	Start  int64   // of the frame in the archive
	size   int64   // of the frame's header
	Index  Index
	Notice func(error) // told of what was repaired; may be nil

	// Unfinished is the error about the first frame that another one follows where its index should
	// be. It is known at the end of the archive, so that all that is whole comes first; nil: there
	// was none.
	Unfinished error
}

// Record is one chunk record.
type Record struct {
	RecordHeader
	Number  int64 // in its frame
	Offset  int64 // of the record in the archive
	Payload []byte
	Whole   bool // payload and check have been read
}

// NewScanner makes one for the archive that begins where r does.
func NewScanner(r io.Reader) *Scanner { return &Scanner{In: NewRecorder(r, 64<<10)} }

// NextFrame reads the header of a frame, and the padding in front of it. It returns io.EOF at the
// end of the archive, or ErrUnfinished there if a frame had no end.
func (s *Scanner) NextFrame() (*Header, error) {
	if s.Frames > 0 {
		if err := s.In.skipPadding(); err != nil {
			return nil, err
		}
	}
	s.Start = s.In.Off
	h, err := ReadHeader(s.In)
	switch {
	case err == io.EOF && s.Unfinished != nil:
		return nil, s.Unfinished
	case err == io.EOF && s.Frames == 0:
		return nil, fmt.Errorf("%w: the input is empty", ErrTruncated)
	case errors.Is(err, ErrNotArchive) && s.Frames > 0:
		return nil, fmt.Errorf("%w: what follows the end of the archive at byte %d is not a frame", ErrCorrupt, s.Start)
	case err != nil:
		return nil, err
	}
	s.Frames++
	s.Header, s.size = h, s.In.Off-s.Start
	s.Index = NewIndex(h)
	return h, nil
}

// NextChunk reads the next chunk record up to its payload, which must be read next. It returns
// io.EOF when the frame has ended and its index agrees with its records, or when a frame without an
// end is followed by another one.
func (s *Scanner) NextChunk() (*Record, error) {
	for {
		offset := s.In.Off
		s.In.reset()
		switch next, err := s.In.atHeader(); {
		case err != nil:
			return nil, err
		case next:
			if s.Unfinished == nil {
				s.Unfinished = fmt.Errorf("%w; another frame follows at byte %d", ErrUnfinished, offset)
			}
			return nil, io.EOF
		}
		tag, err := s.In.ReadByte()
		if err == io.EOF {
			return nil, ErrUnfinished
		}
		if err != nil {
			return nil, err
		}
		switch {
		case tag&TagChunkMask == TagChunk:
			c := &Record{Number: s.Index.Total.Chunks, Offset: offset}
			if c.RecordHeader, err = ReadChunkHeader(s.In, tag, s.Header.ChunkSize); err != nil {
				if err = s.repair(c, s.In.buf, err); err != nil {
					return nil, &ChunkError{Index: int(c.Number), Offset: offset, Err: err}
				}
			}
			if err := s.misplaced(c); err != nil {
				if err = s.repair(c, s.In.buf, err); err != nil {
					return nil, &ChunkError{Index: int(c.Number), Offset: offset, Err: err}
				}
			}
			return c, nil
		case tag == TagLoneIndex && s.Header.Lone:
			if err := readLoneIndex(s.In, &s.Index, s.size); err != nil {
				return nil, fmt.Errorf("index at byte %d: %w", offset, err)
			}
			return nil, io.EOF
		case tag == TagIndex && !s.Header.Lone:
			if err := readIndex(s.In, &s.Index, s.size); err != nil {
				return nil, fmt.Errorf("index at byte %d: %w", offset, err)
			}
			return nil, io.EOF
		case tag == TagAuxiliary:
			if _, err := ReadAuxiliary(s.In); err != nil {
				return nil, fmt.Errorf("auxiliary record at byte %d: %w", offset, err)
			}
			s.Index.Auxiliary(s.In.Off - offset)
		default:
			c := &Record{Number: s.Index.Total.Chunks, Offset: offset}
			err := fmt.Errorf("%w: no record begins with %02x", ErrCorrupt, tag)
			if err = s.repair(c, s.In.buf, err); err != nil {
				return nil, &ChunkError{Index: int(c.Number), Offset: offset, Err: err}
			}
			return c, nil
		}
	}
}

// misplaced says what of a record cannot be where it is in its frame; nil: nothing.
func (s *Scanner) misplaced(c *Record) error {
	switch p := s.Header.Primer; {
	case c.Primed && (p == PrimerNone || p == PrimerFirstChunk && c.Number == 0):
		return fmt.Errorf("%w: chunk depends on a primer, the frame has none", ErrCorrupt)
	case c.Lead > 0 && (p != PrimerFirstChunk || c.Number > 0):
		return fmt.Errorf("%w: only a first chunk that is the primer has a lead", ErrCorrupt)
	}
	return nil
}

// Payload reads the payload of the chunk that NextChunk returned and verifies the check of the
// record.
func (s *Scanner) Payload(c *Record) (err error) {
	if !c.Whole {
		head := s.In.buf[:len(s.In.buf)-CheckSize]
		if c.Payload, err = s.In.appendN(c.Payload[:0], c.RecordHeader.Payload); err == nil {
			err = c.verifyCheck(head, c.Payload, c.Number)
		}
		if err != nil {
			err = s.repair(c, append(s.In.buf, c.Payload...), err)
		}
		if err != nil {
			return &ChunkError{Index: int(c.Number), Offset: c.Offset, Err: err}
		}
	}
	s.Index.Chunk(s.In.Off-c.Offset, c.Raw, c.Lines)
	return nil
}
