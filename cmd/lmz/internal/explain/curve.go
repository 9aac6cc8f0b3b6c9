package explain

import (
	"bytes"

	"github.com/lmz-go/lmz/internal/cost"
)

// mostPoints is how many points a curve has at most; it has half as many at least, unless there are
// fewer bytes.
const mostPoints = 400

// curve is bits along the text: a sum for each of as many equal stretches. Their width doubles when
// there get too many.
type curve struct {
	width  int64
	at     int64 // bytes in the last point
	points []point
}

type point struct {
	bytes, bits, saved float64
}

func (c *curve) next() *point {
	if c.width == 0 {
		c.width = 1
	}
	if len(c.points) == 0 || c.at == c.width {
		if len(c.points) == mostPoints {
			for i := range mostPoints / 2 {
				a, b := c.points[2*i], c.points[2*i+1]
				c.points[i] = point{a.bytes + b.bytes, a.bits + b.bits, a.saved + b.saved}
			}
			c.points = c.points[:mostPoints/2]
			c.width *= 2
		}
		c.points = append(c.points, point{})
		c.at = 0
	}
	return &c.points[len(c.points)-1]
}

func (c *curve) add(bits, saved float64) {
	p := c.next()
	c.at++
	p.bytes++
	p.bits += bits
	p.saved += saved
}

// skip leaves out n bytes.
func (c *curve) skip(n int64) {
	for n > 0 {
		c.next()
		step := min(n, c.width-c.at)
		c.at += step
		n -= step
	}
}

const (
	mostExcerpts = 32
	excerptSize  = 2 << 10 // bytes
)

// excerpts keeps pieces of the text at equal distances, whole lines where these are short. Small
// texts are kept whole; the distance doubles when there get too many.
type excerpts struct {
	stride  int64
	at      int64 // in the text
	pieces  []excerpt
	open    bool // the last one goes on
	started bool // a line begins here
}

type excerpt struct {
	offset int64
	piece
}

func (e *excerpts) add(text []byte, costs []cost.Byte) {
	for len(text) > 0 {
		n := e.take(text, costs)
		text, costs = text[n:], costs[n:]
		e.at += int64(n)
	}
}

// take looks at some of the text and says how much.
func (e *excerpts) take(text []byte, costs []cost.Byte) int {
	if e.stride == 0 {
		e.stride, e.started = excerptSize, true
	}
	line := bytes.IndexByte(text, '\n') + 1 // 0: it goes on
	if !e.open {
		due := e.at
		if n := len(e.pieces); n > 0 && e.stride > excerptSize {
			due = e.pieces[n-1].offset + e.stride
		}
		switch {
		case e.at < due:
			skip := int(min(due-e.at, int64(len(text))))
			e.started = text[skip-1] == '\n'
			return skip
		case !e.started && line > 0 && e.at < due+excerptSize:
			e.started = true
			return line
		case !e.started && e.at+int64(len(text)) < due+excerptSize:
			return len(text)
		}
		if len(e.pieces) == mostExcerpts {
			for i := range mostExcerpts / 2 {
				e.pieces[i] = e.pieces[2*i]
			}
			e.pieces = e.pieces[:mostExcerpts/2]
			e.stride *= 2
			return 0
		}
		e.pieces = append(e.pieces, excerpt{offset: e.at})
		e.open = true
	}
	p := &e.pieces[len(e.pieces)-1]
	room := excerptSize - len(p.text)
	n := min(len(text), room)
	if line > 0 && line <= n {
		n = line
	}
	p.text = append(p.text, text[:n]...)
	p.costs = append(p.costs, costs[:n]...)
	e.started = n > 0 && text[n-1] == '\n'
	// It ends with a line, once most of it is there, or where it is full.
	if e.started && len(p.text) > excerptSize*3/4 || len(p.text) == excerptSize {
		e.open = false
	}
	return n
}

// skip leaves out n bytes.
func (e *excerpts) skip(n int64) {
	e.open, e.started = false, true
	e.at += n
}
