package explain

import "bytes"

// part is a piece of a line that may differ from line to line: a token of text, a value of JSON, or
// a field of a table. What stands between parts is the line's frame.
type part struct {
	start, end int
	name       string // the key it is the value of; "" without one
}

// parser splits lines into parts, in order and without overlap. It knows what kind of lines there
// are, and keeps the names that it has seen.
type parser struct {
	separator byte     // of tables; 0: the lines are no table
	columns   []string // of tables: what the first line calls them
	names     map[string]string
	path      []byte
}

// most names that are kept: others are one.
const maxNames = 2000

const otherName = "(other keys)"

// intern gives the one string for a name.
func (p *parser) intern(name []byte) string {
	if s, ok := p.names[string(name)]; ok {
		return s
	}
	if len(p.names) >= maxNames {
		return otherName
	}
	if p.names == nil {
		p.names = map[string]string{}
	}
	s := string(bytes.ToValidUTF8(name[:min(len(name), 100)], []byte("?")))
	p.names[string(name)] = s
	return s
}

// parse appends the parts of a line, which has no line end, to dst.
func (p *parser) parse(dst []part, line []byte) (parts []part, kind lineKind) {
	if p.separator != 0 {
		return p.table(dst, line), tableLine
	}
	if trimmed := bytes.TrimSpace(line); len(trimmed) > 1 && trimmed[0] == '{' && trimmed[len(trimmed)-1] == '}' {
		if parts, ok := p.json(dst, line); ok {
			return parts, jsonLine
		}
	}
	return p.text(dst, line), textLine
}

// lineKind says what a line was taken for.
type lineKind uint8

const (
	textLine lineKind = iota
	jsonLine
	tableLine
)

// Bytes that end a token of text. A colon does only where a space, the end or a value follows it,
// so that times, addresses and paths stay whole.
var ends = func() (set [256]bool) {
	for _, c := range " \t\r\n=,;()[]{}<>\"'|&?" {
		set[c] = true
	}
	return set
}()

// text splits a line of text into its tokens. A token behind "key=", "key:" or "\"key\":" is named
// by the key; one in quotes there is whole.
func (p *parser) text(dst []part, line []byte) []part {
	name := "" // of the value that comes next
	for i := 0; i < len(line); {
		c := line[i]
		if name != "" && (c == '"' || c == '\'') {
			if n := bytes.IndexByte(line[i+1:], c); n >= 0 {
				dst = append(dst, part{i + 1, i + 1 + n, name})
				name = ""
				i += n + 2
				continue
			}
		}
		if ends[c] || c == ':' {
			if name != "" && c != ' ' && c != '[' && c != '{' && c != '(' {
				name = ""
			}
			i++
			continue
		}
		start := i
		for i < len(line) && !ends[line[i]] && (line[i] != ':' || !endsAtColon(line, start, i)) {
			i++
		}
		dst = append(dst, part{start, i, name})
		name = ""
		if key := line[start:i]; isKey(key) {
			if at, ok := valueBehind(line, start, i); ok {
				name = p.intern(key)
				if i = at; i == len(line) || line[i] == ' ' || line[i] == ',' { // no value
					dst = append(dst, part{i, i, name})
					name = ""
				}
			}
		}
	}
	return dst
}

// endsAtColon says whether the colon at i ends the token that began at start.
func endsAtColon(line []byte, start, i int) bool {
	if i+1 == len(line) || ends[line[i+1]] {
		return true
	}
	return isKey(line[start:i]) && line[i+1] != '/' && line[i+1] != ':'
}

// isKey says whether a token can be a key: letters first, then also digits, _, - and dots.
func isKey(token []byte) bool {
	for i, c := range token {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '@':
		case i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return len(token) > 0 && len(token) <= 64
}

// valueBehind gives where the value of the key in line[start:end] begins.
func valueBehind(line []byte, start, end int) (at int, ok bool) {
	i := end
	quoted := start > 0 && line[start-1] == '"' && i < len(line) && line[i] == '"'
	if quoted {
		for i++; i < len(line) && line[i] == ' '; i++ {
		}
	}
	switch {
	case i == len(line):
		return 0, false
	case line[i] == '=' && !quoted:
		return i + 1, i+1 == len(line) || line[i+1] != '='
	case line[i] == ':' && quoted:
		for i++; i < len(line) && line[i] == ' '; i++ {
		}
		return i, i < len(line)
	case line[i] == ':' && i+1 < len(line) && !ends[line[i+1]]:
		return i + 1, true
	}
	return 0, false
}

// table splits a line at the separator, but not within quotes.
func (p *parser) table(dst []part, line []byte) []part {
	for i, n := 0, 0; ; n++ {
		start, end := i, i
		if i < len(line) && line[i] == '"' {
			end = i + 1
			for end < len(line) && (line[end] != '"' || end+1 < len(line) && line[end+1] != p.separator) {
				end++
			}
		}
		for end < len(line) && line[end] != p.separator {
			end++
		}
		dst = append(dst, part{start, end, p.column(n)})
		if end == len(line) {
			return dst
		}
		i = end + 1
	}
}

// column names a column of a table, counted from 0.
func (p *parser) column(n int) string {
	if n < len(p.columns) && p.columns[n] != "" {
		return p.columns[n]
	}
	return p.intern(appendColumn(nil, n))
}
