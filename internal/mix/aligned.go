package mix

// align moves e past the byte c, the latest of buf, within text that has the same layout as the one
// being coded: after a miss it goes on in the same token, and it waits for, or skips to, the end of
// the token when the lengths differ.
func (e *expert) align(buf []byte, c byte) {
	if e.ptr == 0 {
		return
	}
	e.misses <<= 1
	want := buf[e.ptr]
	if want == c {
		e.length = min(e.length+1, 65535)
		e.ptr++
		return
	}
	e.misses |= 1
	e.length = 0
	switch {
	case isToken[c] && !isToken[want]: // this token is longer
	case !isToken[c] && isToken[want]:
		for n := 0; n < 64 && e.ptr < len(buf)-1 && isToken[buf[e.ptr]]; n++ {
			e.ptr++
		}
		if buf[e.ptr] == c {
			e.ptr++
		}
	default:
		e.ptr++
	}
	if e.ptr >= len(buf) {
		e.ptr = 0
	}
}

// retarget points e elsewhere; its record stays, for it says how well this kind of text repeats.
func (e *expert) retarget(ptr int) {
	if ptr > 0 && ptr != e.ptr {
		e.ptr, e.length = ptr, min(e.length, 15)
	}
}

// copies predicts that a token repeats an earlier token of its own line, if the token at the same
// place of an earlier line did.
type copies struct {
	source []uint8        // by hash of the place: 1 + index of the token repeated, 0 for none
	starts [256]int32     // where the tokens of this line begin
	n      int            // tokens of this line
	index  [256]lineToken // by hash of the text
	line   int32
	slot   uint32 // of the place where the current token began
}

const copySources = 1 << 14

type lineToken struct {
	line  int32
	index uint8
	text  uint32
}

func (c *copies) endToken(text uint32, start, length int) {
	if c.n >= 255 {
		return
	}
	c.starts[c.n] = int32(start)
	t := &c.index[text>>24]
	if t.line == c.line && t.text == text {
		if length > 1 {
			c.source[c.slot] = t.index + 1
		}
	} else {
		*t = lineToken{line: c.line, index: uint8(c.n), text: text}
		if length > 1 {
			c.source[c.slot] = 0
		}
	}
	c.n++
}

func (c *copies) endLine() {
	c.line++
	c.n = 0
}

// visit is the offset that the token after this place is expected to repeat, or 0.
func (c *copies) visit(key uint32) int {
	c.slot = hash2(key, 7) & uint32(len(c.source)-1)
	if j := int(c.source[c.slot]); j > 0 && j <= c.n {
		return int(c.starts[j-1])
	}
	return 0
}

// digitRun predicts digits that repeat digits of the same line with other punctuation between them,
// as the seconds and fraction of "12:59.971622667" do in "1675079459971622667".
type digitRun struct {
	at    [512]int32 // offsets of the digits of this line
	n     int
	last  uint32 // the last three digits
	index [1024]digitPlace
	line  int32
	next  int // the digit of this line that comes next if the run goes on; 0 for none
	run   int
}

type digitPlace struct {
	line int32
	next int32
}

func (d *digitRun) add(buf []byte, c byte) {
	switch {
	case c == '\n':
		d.line++
		d.n, d.next, d.run, d.last = 0, 0, 0, 0
		return
	case c < '0' || c > '9' || d.n == len(d.at):
		return
	}
	if d.next > 0 && d.next < d.n && buf[d.at[d.next]] == c {
		d.next++
		d.run++
	} else {
		d.next, d.run = 0, 0
	}
	d.at[d.n] = int32(len(buf) - 1)
	d.n++
	d.last = (d.last*10 + uint32(c-'0')) % 1000
	p := &d.index[d.last]
	if d.n >= 3 {
		if d.next == 0 && p.line == d.line && p.next > 0 {
			d.next, d.run = int(p.next), 1
		}
		*p = digitPlace{line: d.line, next: int32(d.n)}
	}
}

func (d *digitRun) ptr() int {
	if d.next > 0 && d.next < d.n {
		return int(d.at[d.next])
	}
	return 0
}
