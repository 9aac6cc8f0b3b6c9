package stream

import (
	"bytes"
	"errors"
)

// neighbors is what a search knows of the lines around those that it finds. They may lie in chunks
// that it has not decoded.
type neighbors struct {
	next     int64 // behind the last line that Found was told of, or what was lost since
	nextLine int64 // number of this line
	due      int64 // lines from there on that Found is to be told of

	near   []byte // the chunk that was decoded last for a neighbor, or a prefix of it
	nearAt int64  // of this chunk, in the content
}

// tell tells Found of a line.
func (l *lineSearch) tell(line Line) error {
	var err error
	l.archive.calls.out(func() { err = l.Found(line) })
	l.next, l.nextLine = line.Offset+int64(len(line.Text))+1, line.Number+1
	return err
}

// follow tells of the lines that are due and begin in front of to, where one begins. None of them
// was found.
func (l *lineSearch) follow(to int64) error {
	for l.due > 0 && l.next < to {
		if err := l.archive.ended(); err != nil {
			return err
		}
		l.due--
		text, err := l.lineAt(l.next, to)
		if err == nil || len(text) > 0 {
			if err := l.tell(Line{Number: l.nextLine, Offset: l.next, Text: text, Context: true}); err != nil {
				return err
			}
		}
		if err := l.unreadable(err); err != nil {
			return err
		}
	}
	return nil
}

// precede tells of the lines in front of the one at hand.
func (l *lineSearch) precede() error {
	if err := l.follow(l.offset); err != nil {
		return err
	}
	start, n := l.offset, int64(0)
	for n < l.Before && start > l.next {
		if err := l.archive.ended(); err != nil {
			return err
		}
		at, err := l.startBefore(start)
		if at < start {
			start = at
			n++
		}
		if err := l.unreadable(err); err != nil {
			return err
		}
	}
	l.next, l.nextLine, l.due = start, l.number-n, n
	return l.follow(l.offset)
}

// unreadable returns an error unless it is one that the search goes on from.
func (l *lineSearch) unreadable(err error) error {
	var lost *LostError
	if !errors.As(err, &lost) || l.Damaged == nil {
		return err
	}
	return l.passOver(lost)
}

// passOver tells Damaged of a chunk. Lines in front of it have none behind them any more.
func (l *lineSearch) passOver(lost *LostError) (err error) {
	l.due = 0
	l.next = max(l.next, lost.Offset+lost.Size)
	l.archive.calls.out(func() { err = l.Damaged(lost) })
	return err
}

// lineAt gives the line that begins at an offset, and ends at to if not before. With an error it
// gives what can be read of it.
func (l *lineSearch) lineAt(off, to int64) (line []byte, err error) {
	for at := off; at < to; {
		raw, begin, err := l.chunkAt(at)
		if err != nil {
			return line, err
		}
		text := raw[at-begin : min(int64(len(raw)), to-begin)]
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			if len(line) == 0 {
				return text[:i], nil
			}
			return append(line, text[:i]...), nil
		}
		if int64(len(line)+len(text)) > l.archive.opts.limit {
			return nil, l.tooLong()
		}
		line = append(line, text...)
		at += int64(len(text))
	}
	return line, nil
}

// startBefore gives where the line in front of another one begins, but nothing in front of l.next.
// With an error it gives where what can be read of it does.
func (l *lineSearch) startBefore(line int64) (int64, error) {
	for at := line; at > l.next; {
		raw, begin, err := l.chunkAt(at - 1)
		if err != nil {
			return at, err
		}
		text := raw[max(0, l.next-begin) : at-begin]
		rest := text
		if at == line {
			rest = text[:len(text)-1] // without its own end
		}
		if i := bytes.LastIndexByte(rest, '\n'); i >= 0 {
			return at - int64(len(text)) + int64(i) + 1, nil
		}
		at -= int64(len(text))
	}
	return l.next, nil
}

// chunkAt gives the chunk that holds a byte of the content, and where it begins.
func (l *lineSearch) chunkAt(off int64) (raw []byte, begin int64, err error) {
	switch {
	case l.at <= off && off < l.at+int64(len(l.raw)):
		return l.raw, l.at, nil
	case l.nearAt <= off && off < l.nearAt+int64(len(l.near)):
		return l.near, l.nearAt, nil
	}
	s, err := l.archive.find(off)
	if err == nil {
		if s.RawOffset != l.nearAt || len(l.near) == 0 { // else more of it is wanted than was
			s.want = off - s.RawOffset + 1
		}
		raw, err = l.archive.chunk(s, true)
	}
	if err != nil {
		return nil, 0, err
	}
	l.near, l.nearAt = raw, s.RawOffset
	return raw, s.RawOffset, nil
}
