package explain

// jsonDepth is how deep objects may lie in each other.
const jsonDepth = 32

// json splits a line that is an object of JSON into its values, which are named by the path of
// their keys, such as "user.id" and "tags[]". It is false for a line that is not.
func (p *parser) json(dst []part, line []byte) ([]part, bool) {
	s := jsonScanner{parser: p, line: line, parts: dst}
	p.path = p.path[:0]
	if s.space(); !s.value(0) {
		return dst, false
	}
	s.space()
	return s.parts, s.at == len(line)
}

// jsonScanner goes through one line. It takes what is well formed, and some of what is not: it is
// there to name values, not to judge.
type jsonScanner struct {
	*parser
	line  []byte
	at    int
	parts []part
}

func (s *jsonScanner) space() {
	for s.at < len(s.line) && (s.line[s.at] == ' ' || s.line[s.at] == '\t' || s.line[s.at] == '\r') {
		s.at++
	}
}

// take passes over a byte if it comes next.
func (s *jsonScanner) take(c byte) bool {
	s.space()
	if s.at < len(s.line) && s.line[s.at] == c {
		s.at++
		return true
	}
	return false
}

// text passes over a string and gives where what is between its quotes lies.
func (s *jsonScanner) text() (start, end int, ok bool) {
	if !s.take('"') {
		return 0, 0, false
	}
	start = s.at
	for ; s.at < len(s.line); s.at++ {
		switch s.line[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return start, s.at - 1, true
		}
	}
	return 0, 0, false
}

func (s *jsonScanner) value(depth int) bool {
	s.space()
	if s.at == len(s.line) || depth > jsonDepth {
		return false
	}
	switch s.line[s.at] {
	case '{':
		return s.object(depth)
	case '[':
		return s.array(depth)
	case '"':
		start, end, ok := s.text()
		s.add(start, end)
		return ok
	}
	start := s.at
	for s.at < len(s.line) {
		switch c := s.line[s.at]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '+', c == '.':
			s.at++
			continue
		}
		break
	}
	s.add(start, s.at)
	return s.at > start
}

func (s *jsonScanner) add(start, end int) {
	s.parts = append(s.parts, part{start, end, s.intern(s.path)})
}

func (s *jsonScanner) object(depth int) bool {
	s.at++
	if s.take('}') {
		return true
	}
	outer := len(s.path)
	for {
		start, end, ok := s.text()
		if !ok || !s.take(':') {
			return false
		}
		if outer > 0 {
			s.path = append(s.path, '.')
		}
		s.path = append(s.path, s.line[start:end]...)
		if ok = s.value(depth + 1); !ok {
			return false
		}
		s.path = s.path[:outer]
		if s.take('}') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

func (s *jsonScanner) array(depth int) bool {
	s.at++
	if s.take(']') {
		return true
	}
	outer := len(s.path)
	s.path = append(s.path, "[]"...)
	for {
		if !s.value(depth + 1) {
			return false
		}
		if s.take(']') {
			s.path = s.path[:outer]
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}
