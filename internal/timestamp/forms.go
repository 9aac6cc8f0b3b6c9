package timestamp

// findNumber reads a time that begins with digits.
func findNumber(line []byte, i int) (Stamp, bool) {
	var f fields
	b := line[i:]
	end := -1 // where the date ends, with what separates it from the time of day
	n := run(b, 0, 20)
	switch sep := at(b, n); {
	case n == 4 && (sep == '-' || sep == '/' || sep == '.'): // RFC 3339, nginx, and others
		m, ok := two(b, 5)
		d, ok2 := two(b, 8)
		if !ok || !ok2 || at(b, 7) != sep || isDigit(b, 10) {
			return Stamp{}, false
		}
		f.year, f.month, f.day, end = number(b, 0, 4), m, d, 10
		end = between(b, end, "T t-_")
	case n == 8: // 20240102T150405, 20240102-15:04:05
		f.year, f.month, f.day = number(b, 0, 4), number(b, 4, 2), number(b, 6, 2)
		end = between(b, 8, "T-_ ")
	case n == 14: // 20240102150405
		f.year, f.month, f.day = number(b, 0, 4), number(b, 4, 2), number(b, 6, 2)
		end = 8
	case n == 6: // 240102 150405, 240102 15:04:05
		f.setYear(number(b, 0, 2))
		f.month, f.day = number(b, 2, 2), number(b, 4, 2)
		end = between(b, 6, " ")
	case n == 1 || n == 2:
		end = f.shortDate(b, n, sep)
	case (n == 10 || n == 13 || n == 16 || n == 19) && mayBeEpoch(line, i):
		return epoch(b, 0)
	}
	if end < 0 {
		return Stamp{}, false
	}
	if (n == 8 || n == 6 || n == 14) && run(b, end, 7) == 6 {
		f.hour, f.minute, f.second = number(b, end, 2), number(b, end+2, 2), number(b, end+4, 2)
		f.nano, end = fraction(b, end+6)
	} else if end = f.clock(b, end); end < 0 {
		return Stamp{}, false
	}
	if end = f.offset(b, end); isDigit(b, end) {
		return Stamp{}, false
	}
	return f.stamp()
}

// between passes over one of the separators, behind which the time of day comes, or -1. Behind a
// comma there may be a blank.
func between(b []byte, i int, separators string) int {
	c := at(b, i)
	if c == ',' && at(b, i+1) == ' ' {
		return i + 2
	}
	for j := range len(separators) {
		if c == separators[j] {
			if i++; c == ' ' && at(b, i) == ' ' {
				i++
			}
			return i
		}
	}
	return -1
}

// shortDate reads a date that begins with a number of n digits, and gives where the time of day
// begins, or -1.
func (f *fields) shortDate(b []byte, n int, sep byte) int {
	first := number(b, 0, n)
	i := n + 1
	if m := month(b, i); m > 0 && (sep == '/' || sep == '-' || sep == ' ') { // Apache, BIND, mail
		i += 3
		if at(b, i) != sep || run(b, i+1, 5) != 4 {
			return -1
		}
		f.day, f.month, f.year = first, m, number(b, i+1, 4)
		return between(b, i+5, ": T")
	}
	k := run(b, i, 3)
	if k != 1 && k != 2 {
		return -1
	}
	second := number(b, i, k)
	i += k
	if sep == '-' && n == 2 && k == 2 && at(b, i) == ' ' { // Android
		f.month, f.day, f.yearless = first, second, true
		return i + 1
	}
	if at(b, i) != sep || sep != '/' && sep != '.' && sep != '-' {
		return -1
	}
	i++
	switch run(b, i, 5) {
	case 4: // Windows; 13/1/2024 and 1.2.2024 begin with the day
		f.month, f.day, f.year = first, second, number(b, i, 4)
		if first > 12 || sep != '/' {
			f.month, f.day = second, first
		}
		return between(b, i+4, " T")
	case 2: // 24/01/02, as Spark writes it
		if n != 2 || k != 2 {
			return -1
		}
		f.setYear(first)
		f.month, f.day = second, number(b, i, 2)
		return between(b, i+2, " ")
	}
	return -1
}

// findName reads a time that begins with letters: syslog's, ctime's, and klog's.
func findName(line []byte, i int) (Stamp, bool) {
	var f fields
	b := line[i:]
	if i == 0 && run(b, 1, 5) == 4 && at(b, 5) == ' ' { // I0102 15:04:05.678901
		f.month, f.day, f.yearless = number(b, 1, 2), number(b, 3, 2), true
		if c := b[0]; c != 'I' && c != 'W' && c != 'E' && c != 'F' || f.clock(b, 6) < 0 {
			return Stamp{}, false
		}
		return f.stamp()
	}
	if f.month = month(b, 0); f.month == 0 {
		return Stamp{}, false
	}
	end := between(b, 3, " ")
	if end < 0 {
		return Stamp{}, false
	}
	n := run(b, end, 3)
	if n != 1 && n != 2 {
		return Stamp{}, false
	}
	f.day = number(b, end, n)
	end = between(b, end+n, " ")
	if end < 0 {
		return Stamp{}, false
	}
	f.yearless = true
	if run(b, end, 5) == 4 { // Jan  2 2024 15:04:05
		f.year, f.yearless = number(b, end, 4), false
		if end = between(b, end+4, " "); end < 0 {
			return Stamp{}, false
		}
	}
	if end = f.clock(b, end); end < 0 || isDigit(b, end) {
		return Stamp{}, false
	}
	if f.yearless {
		f.lateYear(b, end)
	} else {
		f.offset(b, end)
	}
	return f.stamp()
}

// lateYear reads a year behind the time of day, with a zone in front of it or without.
func (f *fields) lateYear(b []byte, i int) {
	zoned := *f
	i = zoned.offset(b, i)
	if at(b, i) == ' ' && run(b, i+1, 5) == 4 && (b[i+1] == '1' && b[i+2] == '9' || b[i+1] == '2' && b[i+2] == '0') && class[at(b, i+5)]&inWord == 0 {
		*f = zoned
		f.year, f.yearless = number(b, i+1, 4), false
	}
}
