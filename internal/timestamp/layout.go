package timestamp

import (
	"errors"
	"fmt"
	"strings"
)

// layout is a format of strftime: what is to be read, one after the other.
type layout []item

// item is a conversion, a blank that stands for any number of them, or with verb 0 a byte.
type item struct{ verb, text byte }

const blank = ' ' // as a verb

var shorthands = strings.NewReplacer("%T", "%H:%M:%S", "%F", "%Y-%m-%d", "%R", "%H:%M", "%D", "%m/%d/%y", "%%", "%%")

// parseLayout gives nil for an empty format.
func parseLayout(format string) (layout, error) {
	if format == "" {
		return nil, nil
	}
	var l layout
	has := map[byte]bool{}
	for text := shorthands.Replace(format); text != ""; {
		c := text[0]
		text = text[1:]
		switch {
		case c == ' ':
			l = append(l, item{verb: blank})
		case c != '%':
			l = append(l, item{text: c})
		case text == "":
			return nil, errors.New("the format of times ends with %")
		case text[0] == '%':
			l = append(l, item{text: '%'})
			text = text[1:]
		case strings.IndexByte("YymdeHIMSfpbBaAzZsL", text[0]) >= 0:
			has[text[0]] = true
			l = append(l, item{verb: text[0]})
			text = text[1:]
		default:
			return nil, fmt.Errorf("%%%c in the format of times is not known: want %%Y %%y %%m %%d %%e %%b %%a %%H %%I %%p %%M %%S %%f %%z %%Z %%T %%F %%R %%D, or %%s or %%L, seconds or milliseconds since 1970", text[0])
		}
	}
	day := has['d'] || has['e']
	if !has['s'] && !has['L'] && (!has['H'] && !has['I'] || !day || !has['m'] && !has['b'] && !has['B']) {
		return nil, fmt.Errorf("the format of times %q wants a month, a day and an hour, or %%s or %%L", format)
	}
	return l, nil
}

// find looks for the first time in a line.
func (l layout) find(line []byte) (Stamp, bool) {
	for i := range line {
		if s, ok := l.read(line[i:]); ok && (i == 0 || !isDigit(line, i) || !isDigit(line, i-1)) {
			return s, true
		}
	}
	return Stamp{}, false
}

// read reads a time at the beginning of b.
func (l layout) read(b []byte) (Stamp, bool) {
	f := fields{yearless: true}
	half, moment := byte(0), int64(-1)
	i := 0
	digits := func(to *int, least, most int) bool {
		n := run(b, i, most)
		if n < least {
			return false
		}
		*to = number(b, i, n)
		i += n
		return true
	}
	for _, it := range l {
		ok := true
		switch it.verb {
		case 0:
			ok = at(b, i) == it.text && i < len(b)
			i++
		case blank:
			ok = at(b, i) == ' '
			for at(b, i) == ' ' {
				i++
			}
		case 'Y':
			ok, f.yearless = digits(&f.year, 4, 4), false
		case 'y':
			var year int
			ok, f.yearless = digits(&year, 2, 2), false
			f.setYear(year)
		case 'm':
			ok = digits(&f.month, 1, 2)
		case 'd', 'e':
			if at(b, i) == ' ' {
				i++
			}
			ok = digits(&f.day, 1, 2)
		case 'H', 'I':
			ok = digits(&f.hour, 1, 2)
		case 'M':
			ok = digits(&f.minute, 2, 2)
		case 'S':
			ok = digits(&f.second, 2, 2)
		case 'f':
			ok = isDigit(b, i)
			f.nano, i = nanos(b, i)
		case 'p':
			half = at(b, i) | 0x20
			ok = (half == 'a' || half == 'p') && at(b, i+1)|0x20 == 'm'
			i += 2
		case 'b', 'B':
			f.month = month(b, i)
			ok = f.month > 0
			i = passLetters(b, i)
		case 'a', 'A', 'Z':
			end := passLetters(b, i)
			ok = end > i
			i = end
		case 'z':
			end := f.offset(b, i)
			ok = end > i
			i = end
		case 's', 'L':
			n := run(b, i, 15)
			if ok = n > 0; ok {
				v := int64(0)
				for _, c := range b[i : i+n] {
					v = 10*v + int64(c-'0')
				}
				unit := int64(Second)
				if it.verb == 'L' {
					unit = 1_000_000
				}
				ok = v < days(lastYear, 12, 31)*86400*(Second/unit)
				moment = v * unit
			}
			i += n
		}
		if !ok {
			return Stamp{}, false
		}
	}
	switch {
	case moment >= 0:
		return Stamp{Zoned, moment + int64(f.nano)}, true
	case half != 0 && f.hour > 12:
		return Stamp{}, false
	case half != 0:
		if f.hour %= 12; half == 'p' {
			f.hour += 12
		}
	}
	return f.stamp()
}

func passLetters(b []byte, i int) int {
	for i < len(b) && isLetter(b[i]) {
		i++
	}
	return i
}
