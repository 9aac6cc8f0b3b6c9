package timestamp

// isDigit says whether b has a digit at i.
func isDigit(b []byte, i int) bool { return i < len(b) && b[i]-'0' <= 9 }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// at gives byte i of b, or 0 behind its end.
func at(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0
}

// run counts the digits at i, up to most.
func run(b []byte, i, most int) int {
	n := 0
	for n < most && isDigit(b, i+n) {
		n++
	}
	return n
}

// number reads the n digits at i.
func number(b []byte, i, n int) int {
	v := 0
	for _, c := range b[i : i+n] {
		v = 10*v + int(c-'0')
	}
	return v
}

// two reads the two digits at i, if there are as many.
func two(b []byte, i int) (int, bool) {
	if !isDigit(b, i) || !isDigit(b, i+1) {
		return 0, false
	}
	return number(b, i, 2), true
}

// month reads the first three letters of one in English, and gives its number, or 0.
func month(b []byte, i int) int {
	if len(b) < i+3 {
		return 0
	}
	switch uint32(b[i]|0x20)<<16 | uint32(b[i+1]|0x20)<<8 | uint32(b[i+2]|0x20) {
	case 'j'<<16 | 'a'<<8 | 'n':
		return 1
	case 'f'<<16 | 'e'<<8 | 'b':
		return 2
	case 'm'<<16 | 'a'<<8 | 'r':
		return 3
	case 'a'<<16 | 'p'<<8 | 'r':
		return 4
	case 'm'<<16 | 'a'<<8 | 'y':
		return 5
	case 'j'<<16 | 'u'<<8 | 'n':
		return 6
	case 'j'<<16 | 'u'<<8 | 'l':
		return 7
	case 'a'<<16 | 'u'<<8 | 'g':
		return 8
	case 's'<<16 | 'e'<<8 | 'p':
		return 9
	case 'o'<<16 | 'c'<<8 | 't':
		return 10
	case 'n'<<16 | 'o'<<8 | 'v':
		return 11
	case 'd'<<16 | 'e'<<8 | 'c':
		return 12
	}
	return 0
}

// fraction reads digits behind a point or comma, as nanoseconds, and gives where they end.
func fraction(b []byte, i int) (nano, end int) {
	if c := at(b, i); c != '.' && c != ',' || !isDigit(b, i+1) {
		return 0, i
	}
	return nanos(b, i+1)
}

// nanos reads digits of a fraction.
func nanos(b []byte, i int) (nano, end int) {
	unit := Second / 10
	for ; isDigit(b, i); i++ {
		nano += int(b[i]-'0') * unit
		unit /= 10
	}
	return nano, i
}

// clock reads a time of day such as 15:04:05.678, of which seconds may be missing, and gives where
// it ends, or -1.
func (f *fields) clock(b []byte, i int) int {
	n := run(b, i, 3)
	if n != 1 && n != 2 {
		return -1
	}
	f.hour = number(b, i, n)
	i += n
	separator := at(b, i)
	if separator != ':' && separator != '.' {
		return -1
	}
	var ok bool
	if f.minute, ok = two(b, i+1); !ok || isDigit(b, i+3) {
		return -1
	}
	i += 3
	if f.second, ok = two(b, i+1); !ok || at(b, i) != separator || isDigit(b, i+3) {
		f.second = 0
		if n != 2 || separator != ':' || at(b, i) == ':' {
			return -1
		}
		return f.half(b, i)
	}
	i += 3
	if at(b, i) == ':' && run(b, i+1, 4) == 3 { // milliseconds
		f.nano, i = nanos(b, i+1)
		return i
	}
	f.nano, i = fraction(b, i)
	return f.half(b, i)
}

// half reads AM or PM, if there is one.
func (f *fields) half(b []byte, i int) int {
	j := i
	if at(b, j) == ' ' {
		j++
	}
	c := at(b, j) | 0x20
	if c != 'a' && c != 'p' || at(b, j+1)|0x20 != 'm' || isLetter(at(b, j+2)) || f.hour > 12 {
		return i
	}
	f.hour %= 12
	if c == 'p' {
		f.hour += 12
	}
	return j + 2
}

// offset reads a time zone, if there is one, and gives where it ends.
func (f *fields) offset(b []byte, i int) int {
	j := i
	if at(b, j) == ' ' {
		j++
	}
	switch c := at(b, j); {
	case c == 'Z' && !isLetter(at(b, j+1)):
		f.zoned = true
		return j + 1
	case c == 'U' && at(b, j+1) == 'T' && at(b, j+2) == 'C', c == 'G' && at(b, j+1) == 'M' && at(b, j+2) == 'T':
		if !isLetter(at(b, j+3)) && at(b, j+3) != '+' && at(b, j+3) != '-' {
			f.zoned = true
			return j + 3
		}
	case c == '+' || c == '-':
		n := run(b, j+1, 5)
		hours, minutes, end := 0, 0, j+1+n
		switch {
		case n == 4:
			hours, minutes = number(b, j+1, 2), number(b, j+3, 2)
		case n == 2 && at(b, j+3) == ':':
			var ok bool
			if hours, minutes, end = number(b, j+1, 2), 0, j+6; !isDigit(b, j+6) {
				minutes, ok = two(b, j+4)
			}
			if !ok {
				return i
			}
		case n == 2 && j == i:
			hours = number(b, j+1, 2)
		default:
			return i
		}
		if hours > 15 || minutes%15 != 0 || minutes > 45 {
			return i
		}
		f.zoned, f.zone = true, hours*3600+minutes*60
		if c == '-' {
			f.zone = -f.zone
		}
		return end
	}
	return i
}
