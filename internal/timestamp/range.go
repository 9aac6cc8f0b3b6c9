package timestamp

import "bytes"

// Range is what is known of the times of the lines that end in a chunk, or at least begin in it.
// Seconds are rounded down.
type Range struct {
	Has         [Kinds]bool
	First, Last [Kinds]int64 // seconds: the least and the most, in whatever order they come
	Starts      bool         // the chunk begins with a line that has a time, and that it ends
	Ends        bool         // the chunk ends with a line end
}

// Add counts a time.
func (r *Range) Add(s Stamp) {
	seconds, k := s.Nanos/Second, s.Kind
	if !r.Has[k] {
		r.Has[k], r.First[k], r.Last[k] = true, seconds, seconds
	}
	r.First[k], r.Last[k] = min(r.First[k], seconds), max(r.Last[k], seconds)
}

// Empty says whether no line has a time.
func (r *Range) Empty() bool { return r.Has == [Kinds]bool{} }

// Of finds the times in a chunk, also of the line that it begins and does not end. begun is the
// beginning of the line that goes on in it, as Begun gives it.
func (f *Finder) Of(begun, chunk []byte) Range {
	r := Range{Ends: chunk[len(chunk)-1] == '\n'}
	for first := true; ; first = false {
		i := bytes.IndexByte(chunk, '\n')
		line := chunk
		if i >= 0 {
			line = chunk[:i]
		}
		if first && len(begun) > 0 {
			line = join(begun, line)
		}
		if s, ok := f.Find(line); ok {
			r.Add(s)
			r.Starts = r.Starts || first && i >= 0 && len(begun) == 0
		}
		if i < 0 {
			return r
		}
		chunk = chunk[i+1:]
	}
}

// Begun gives the beginning of the line that goes on behind a chunk, as much of it as may hold a
// time; before is the same of the chunk in front of it.
func Begun(before, chunk []byte) []byte {
	i := bytes.LastIndexByte(chunk, '\n')
	if i >= 0 {
		before = nil
	}
	return join(before, chunk[i+1:])
}

func join(begun, line []byte) []byte {
	n := max(0, Look-len(begun))
	return append(append([]byte{}, begun...), line[:min(n, len(line))]...)
}
