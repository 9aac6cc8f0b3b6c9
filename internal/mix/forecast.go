package mix

import "sort"

const secondsPerDay = 86400

// forecast computes the text of a number from the line that the cursor is aligned with: a time
// moves as the first time of the line has moved since, another number goes on by its last
// difference.
type forecast struct {
	text  [20]byte
	n, at int // length of text, and how much of it has come true; n is 0 when there is no forecast

	lines  []timedLine // the lines that hold a time, ascending
	now    int         // first time of this line in seconds of the day, -1 before it
	digits int         // length of the run of digits before the cursor
}

type timedLine struct{ start, time int32 }

func (f *forecast) add(buf []byte, c byte, lineStart int) {
	if f.n > 0 {
		if f.text[f.at] == c {
			f.at++
			if f.at == f.n {
				f.n = 0
			}
		} else {
			f.n = 0
		}
	}
	if c == '\n' {
		f.now, f.digits = -1, 0
		return
	}
	if c >= '0' && c <= '9' {
		f.digits++
	} else {
		f.digits = 0
	}
	if f.now >= 0 {
		return
	}
	if n := len(buf); f.digits == 2 && n >= 8 {
		f.now = clock(buf[n-8:])
	} else if f.digits == 10 {
		f.now = int(number(buf[n-10:]) % secondsPerDay)
	}
	if f.now >= 0 {
		f.lines = append(f.lines, timedLine{int32(lineStart), int32(f.now)})
	}
}

// clock is the seconds of the day that hh:mm:ss or hh.mm.ss at the start of b says, or -1.
func clock(b []byte) int {
	if len(b) < 8 || b[2] != b[5] || b[2] != ':' && b[2] != '.' {
		return -1
	}
	t := 0
	for i := 0; i < 8; i += 3 {
		if b[i] < '0' || b[i] > '5' || b[i+1] < '0' || b[i+1] > '9' {
			return -1
		}
		t = t*60 + int(b[i]-'0')*10 + int(b[i+1]-'0')
	}
	return t
}

// number is the value of the digits at the start of b, up to 18 of them.
func number(b []byte) (v int64) {
	for i := 0; i < len(b) && i < 18 && b[i] >= '0' && b[i] <= '9'; i++ {
		v = v*10 + int64(b[i]-'0')
	}
	return v
}

func digitsAt(b []byte) int {
	n := 0
	for n < len(b) && n < 24 && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

// elapsed is the time from the line that holds offset ptr to this one, in seconds.
func (f *forecast) elapsed(ptr int) (int, bool) {
	if f.now < 0 {
		return 0, false
	}
	i := sort.Search(len(f.lines), func(i int) bool { return int(f.lines[i].start) > ptr }) - 1
	if i < 0 {
		return 0, false
	}
	d := (f.now - int(f.lines[i].time) + secondsPerDay) % secondsPerDay
	if d > secondsPerDay/2 {
		d -= secondsPerDay
	}
	return d, true
}

// visit forecasts the number that begins at the cursor from its two predecessors, at offsets ptr
// and before (0: none).
func (f *forecast) visit(buf []byte, ptr, before int) {
	if f.n > 0 && f.at > 0 {
		return // within a time
	}
	f.n, f.at = 0, 0
	if ptr == 0 {
		return
	}
	b := buf[ptr:]
	n := digitsAt(b)
	if n == 0 {
		return
	}
	d, timed := f.elapsed(ptr)
	switch t := clock(b); {
	case t >= 0 && timed:
		t = (t + d + secondsPerDay) % secondsPerDay
		f.put(0, int64(t/3600), 2)
		f.put(3, int64(t/60%60), 2)
		f.put(6, int64(t%60), 2)
		f.text[2], f.text[5] = b[2], b[2]
		f.n = 8
	case n >= 10 && n < 20 && timed:
		f.put(0, number(b[:10])+int64(d), 10)
		f.n = 10
	case n < 10 && before > 0:
		v := number(b)
		next := v + v - number(buf[before:])
		if m := digitsAt(buf[before:]); m == 0 || m >= 10 || next < 0 || next >= 1e10 {
			return
		}
		width := 1
		if b[0] == '0' {
			width = n
		}
		for width < 10 && pow10(width) <= next {
			width++
		}
		f.put(0, next, width)
		f.n = width
	}
}

func pow10(n int) int64 {
	v := int64(1)
	for range n {
		v *= 10
	}
	return v
}

// put writes the last width digits of v at text[at:].
func (f *forecast) put(at int, v int64, width int) {
	for i := at + width - 1; i >= at; i-- {
		f.text[i] = byte('0' + v%10)
		v /= 10
	}
}
