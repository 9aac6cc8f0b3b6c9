package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall/js"
)

// blob reads the file that the user has chosen, by ranges.
type blob struct {
	host js.Value
	size int64

	mu    sync.Mutex
	read  int64 // up to where it was read last
	block []byte
	start int64 // of block in the file
}

// blockSize is how much is read where less is asked for: heads of records are read one by one.
const blockSize = 64 << 10

func (b *blob) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("offset %d", off)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for n < len(p) && off < b.size {
		if from := off - b.start; from < 0 || from >= int64(len(b.block)) {
			b.start = off - off%blockSize // the next read may be of what is in front
			if b.block, err = b.slice(b.start, int(off-b.start)+max(blockSize, len(p)-n)); err != nil {
				b.block = nil
				return n, err
			}
			if off-b.start >= int64(len(b.block)) {
				return n, errShorter
			}
		}
		got := copy(p[n:], b.block[off-b.start:])
		n, off = n+got, off+int64(got)
	}
	b.read = off
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// slice reads at most n bytes.
func (b *blob) slice(off int64, n int) ([]byte, error) {
	got := b.host.Call("read", float64(off), float64(min(int64(n), b.size-off)))
	if got.Type() == js.TypeString {
		return nil, fmt.Errorf("reading the file: %s", got.String())
	}
	p := bytesOf(got)
	if len(p) == 0 {
		return nil, errShorter
	}
	return p, nil
}

var errShorter = errors.New("reading the file: it has become shorter")
