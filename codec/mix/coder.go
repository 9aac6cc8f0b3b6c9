package mix

import "errors"

// ErrCorrupt reports a payload that Encode did not write.
var ErrCorrupt = errors.New("mix: corrupt payload")

// Coder codes chunks.
type Coder struct {
	level *level
}

func New(n int) (*Coder, error) { return &Coder{&level6}, nil }

func (c *Coder) Encode(dst, src []byte) ([]byte, error) {
	e := newBitEncoder(dst)
	m := newModel(c.level)
	for _, b := range src {
		for i := 7; i >= 0; i-- {
			y := b >> i & 1
			e.encode(int(y), m.p)
			m.update(uint32(y))
		}
	}
	return e.finish(), nil
}

func (c *Coder) Decode(dst, src []byte, n int) ([]byte, error) {
	d := newBitDecoder(src)
	m := newModel(c.level)
	for range n {
		var b byte
		for range 8 {
			y := d.decode(m.p)
			m.update(uint32(y))
			b = b<<1 | byte(y)
		}
		if d.overrun() {
			return dst, ErrCorrupt
		}
		dst = append(dst, b)
	}
	if !d.finished() {
		return dst, ErrCorrupt
	}
	return dst, nil
}
