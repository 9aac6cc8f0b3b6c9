package main

import (
	"bytes"
	"io"
)

// sample is parts of a file, evenly spread over it, that begin and end with a line where lines are
// not too long.
type sample struct {
	src   io.ReaderAt
	parts []samplePart
	now   int   // the part that next is in
	at    int64 // in the file
}

type samplePart struct{ from, to int64 }

const (
	sampleParts    = 8        // at least
	samplePartSize = 1 << 20  // bytes of a part, about, where there are more parts
	sampleLine     = 64 << 10 // bytes in which a line end is looked for
)

// newSample chooses about want bytes of a file of size bytes.
func newSample(src io.ReaderAt, size, want int64) (*sample, error) {
	n := max(sampleParts, want/samplePartSize)
	s := &sample{src: src}
	behind := int64(0)
	for i := range n {
		// The last part ends with the file.
		from := i * (size - want/n) / max(1, n-1)
		to := from + want/n
		for _, edge := range []*int64{&from, &to} {
			if *edge > 0 && *edge < size {
				line, err := restOfLine(src, *edge-1)
				if err != nil {
					return nil, err
				}
				*edge = min(size, *edge-1+line)
			}
		}
		if from = max(from, behind); to > from {
			s.parts = append(s.parts, samplePart{from, to})
			behind = to
		}
	}
	return s, nil
}

// restOfLine is how many bytes a line that goes on at an offset still has, line end included; 1 if
// that is far away.
func restOfLine(src io.ReaderAt, off int64) (int64, error) {
	line := make([]byte, sampleLine)
	n, err := src.ReadAt(line, off)
	if err != nil && err != io.EOF {
		return 0, err
	}
	if i := bytes.IndexByte(line[:n], '\n'); i >= 0 {
		return int64(i) + 1, nil
	}
	return 1, nil
}

// reader gives the parts, one behind the other.
func (s *sample) reader() io.Reader {
	var all []io.Reader
	for _, p := range s.parts {
		all = append(all, io.NewSectionReader(s.src, p.from, p.to-p.from))
	}
	return io.MultiReader(all...)
}

// next goes on by up to n bytes of the parts: it says how many it does, and how many of the file
// were left out in front of them.
func (s *sample) next(n int) (gap int64, took int) {
	if s == nil {
		return 0, n
	}
	if s.now < len(s.parts) && s.at >= s.parts[s.now].to {
		s.now++
	}
	if s.now == len(s.parts) { // the file has grown
		return 0, n
	}
	p := s.parts[s.now]
	if s.at < p.from {
		gap, s.at = p.from-s.at, p.from
	}
	took = int(min(int64(n), p.to-s.at))
	s.at += int64(took)
	return gap, took
}
