package timestamp

import "bytes"

// Look is how many bytes at the beginning of a line may hold its time; lookText is the same for
// lines that are no JSON.
const (
	Look     = 4096
	lookText = 256
)

// Finder finds times. The zero value finds the usual forms.
type Finder struct {
	layout layout // nil: the usual forms
}

// NewFinder makes one for a format of strftime; an empty one stands for the usual forms.
func NewFinder(format string) (*Finder, error) {
	l, err := parseLayout(format)
	return &Finder{l}, err
}

// Find gives the time of a line.
func (f *Finder) Find(line []byte) (Stamp, bool) {
	line = line[:min(len(line), Look)]
	if f.layout != nil {
		return f.layout.find(line)
	}
	if len(line) > 0 && line[0] == '{' {
		if s, ok := findField(line); ok {
			return s, true
		}
	}
	return findText(line[:min(len(line), lookText)])
}

// class says what a time may do at a byte.
var class = func() (c [256]byte) {
	for i := range c {
		b := byte(i)
		switch {
		case b >= '0' && b <= '9':
			c[i] = inWord | isNumber
		case b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '_':
			c[i] = inWord
		}
	}
	for _, b := range []byte("JFMASONDIWEjfmasond") { // of months, and of klog
		c[b] |= beginsName
	}
	return c
}()

const (
	inWord     = 1 << iota
	isNumber   // a digit
	beginsName // letters of a time may begin with it
)

// findText looks for the first time that begins where no word goes on.
func findText(line []byte) (Stamp, bool) {
	before := byte(0)
	for i := 0; i < len(line); i++ {
		k := class[line[i]]
		if before&inWord == 0 && k&(isNumber|beginsName) != 0 && (i < 2 || !joins(line[i-2], line[i-1])) {
			var s Stamp
			var ok bool
			if k&isNumber != 0 {
				s, ok = findNumber(line, i)
			} else if month(line, i) > 0 || i == 0 {
				s, ok = findName(line, i)
			}
			if ok {
				return s, true
			}
		}
		before = k
	}
	return Stamp{}, false
}

// joins says whether what follows is part of the number that ends with a, such as an address.
func joins(a, b byte) bool { return class[a]&isNumber != 0 && (b == '.' || b == '-' || b == '/') }

// findField looks for the first field of JSON that is called as times are.
func findField(line []byte) (Stamp, bool) {
	for i := 0; ; {
		j := bytes.Index(line[i:], []byte(`":`))
		if j < 0 {
			return Stamp{}, false
		}
		i += j + 2
		if !isField(line[:i-2]) {
			continue
		}
		value := bytes.TrimLeft(line[i:], " ")
		if at(value, 0) == '"' {
			value = value[1:]
		}
		if s, ok := epoch(value, 0); ok {
			return s, true
		}
		if end := bytes.IndexByte(value, '"'); end >= 0 {
			value = value[:end]
		}
		if s, ok := findText(value[:min(len(value), 64)]); ok {
			return s, true
		}
	}
}

var fieldNames = []string{"ts", "time", "timestamp", "@timestamp", "__REALTIME_TIMESTAMP", "datetime", "date", "@t"}

// isField says whether head ends with the name of a field that times have, behind its quote.
func isField(head []byte) bool {
	for _, name := range fieldNames {
		n := len(head) - len(name)
		if n > 0 && head[n-1] == '"' && string(head[n:]) == name {
			return true
		}
	}
	return false
}

// epoch reads seconds since 1970, with a fraction or without, or milli-, micro- or nanoseconds.
func epoch(b []byte, i int) (Stamp, bool) {
	n := run(b, i, 20)
	var unit int64
	switch n {
	case 10:
		unit = Second
	case 13:
		unit = 1_000_000
	case 16:
		unit = 1_000
	case 19:
		unit = 1
	default:
		return Stamp{}, false
	}
	v := int64(0)
	for _, c := range b[i : i+n] {
		v = 10*v + int64(c-'0')
		if v > 4_000_000_000*Second { // no year in question, and too much for nanoseconds
			return Stamp{}, false
		}
	}
	if s := v / (Second / unit); s < 1_000_000_000 || s >= 4_000_000_000 {
		return Stamp{}, false
	}
	nano, end := 0, i+n
	if n == 10 {
		nano, end = fraction(b, end)
	}
	if class[at(b, end)]&inWord != 0 {
		return Stamp{}, false
	}
	return Stamp{Zoned, v*unit + int64(nano)}, true
}

// mayBeEpoch says whether a number at i can be one: at the beginning of a line, or as a value that
// is called a time.
func mayBeEpoch(line []byte, i int) bool {
	key := bytes.TrimRight(line[:i], `"`)
	if len(key) == 0 || len(bytes.Trim(key, "[( \t")) == 0 {
		return true
	}
	if key[len(key)-1] != '=' {
		return false
	}
	key = key[:len(key)-1]
	key = key[bytes.LastIndexAny(key, " \t,;{[(")+1:]
	for _, name := range fieldNames {
		if string(key) == name {
			return true
		}
	}
	return string(key) == "t"
}
