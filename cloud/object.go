package cloud

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/lmz-go/lmz/internal/engine"
)

// Object is one version of an object, read as a file. ReadAt is for concurrent calls; it asks for
// few and large parts, and keeps what it got last. Read, which goes on where it was, asks once for
// all that follows, and again from there if that breaks off.
type Object struct {
	Info
	ctx    context.Context
	bucket Bucket

	rest *section // what Read goes on with; nil: it was not called

	mu              sync.Mutex
	blocks          *engine.Cache[int64, []byte] // by offset / blockSize
	next            int64                        // where the last request ended
	window          int64                        // bytes that the next one asks for at least
	requests, bytes int64
}

// Bytes. The first request also tells how large an object is, so that the archive of a few minutes
// of log takes just that one; requests grow while they follow each other.
const (
	blockSize = 64 << 10
	headSize  = 1 << 20
	minWindow = 2 << 20
	maxWindow = 16 << 20
	cacheSize = 64 << 20
)

// OpenObject opens an object of a bucket, which must stay open.
func OpenObject(ctx context.Context, b Bucket, key string) (*Object, error) {
	o := Version(ctx, b, Info{Key: key})
	var head []byte
	err := retry(ctx, func() error {
		o.requests++
		r, info, err := b.First(ctx, key, headSize)
		if err != nil {
			return err
		}
		defer r.Close()
		head = make([]byte, min(headSize, info.Size))
		o.Info = info
		_, err = io.ReadFull(r, head)
		return err
	})
	if err != nil {
		return nil, err
	}
	o.keep(0, head)
	return o, nil
}

// Version is OpenObject for a version that is known; nothing is asked for before it is read.
func Version(ctx context.Context, b Bucket, of Info) *Object {
	return &Object{Info: of, ctx: ctx, bucket: b, blocks: engine.NewCache[int64, []byte](cacheSize), window: minWindow}
}

// keep puts what a request gave into the cache; from is that of a block.
func (o *Object) keep(from int64, p []byte) {
	o.bytes += int64(len(p))
	if end := from + int64(len(p)); end < o.Info.Size { // the end is read before what follows the front
		o.next = end
	}
	for len(p) > 0 {
		n := min(blockSize, len(p))
		o.blocks.Add(from/blockSize, p[:n:n], int64(n))
		from += int64(n)
		p = p[n:]
	}
}

func (o *Object) Size() int64        { return o.Info.Size }
func (o *Object) ModTime() time.Time { return o.Info.ModTime }

// Traffic counts the requests for content, and the bytes that they gave.
func (o *Object) Traffic() (requests, bytes int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.requests, o.bytes
}

func (o *Object) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for n < len(p) && off < o.Info.Size {
		block, ok := o.blocks.Get(off / blockSize)
		if !ok {
			first, err := o.fetch(off/blockSize*blockSize, off+int64(len(p)-n))
			if err != nil {
				return n, err
			}
			block = first
		}
		m := copy(p[n:], block[off%blockSize:])
		n += m
		off += int64(m)
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// fetch asks for the blocks from one that is not there on, as far as to if those are not there
// either, and for more where that is likely to be read: behind what was read last, and in front of
// the end, where the index is. It gives the first block.
func (o *Object) fetch(from, to int64) ([]byte, error) {
	size, want := o.Info.Size, from
	switch gap := from - o.next; {
	case gap >= 0 && gap <= o.window:
		if o.next%blockSize == 0 && gap > 0 {
			from = o.next
		}
		o.window = min(8*o.window, maxWindow)
	case gap < -cacheSize || gap > maxWindow: // else several readers are on the way together
		o.window = minWindow
	}
	if to = max(to, from+o.window); to >= size {
		to = size
		for from > 0 && from > size-headSize && !o.has(from-blockSize) {
			from -= blockSize
		}
	}
	end := want + blockSize
	for end < to && !o.has(end) {
		end += blockSize
	}
	end = min(end, size)
	p := make([]byte, end-from)
	if err := o.read(p, from); err != nil {
		return nil, err
	}
	o.keep(from, p)
	return p[want-from:][:min(blockSize, int64(len(p))-(want-from))], nil
}

func (o *Object) has(off int64) bool {
	_, ok := o.blocks.Get(off / blockSize)
	return ok
}

// read fills p from off on, with as many requests as it takes.
func (o *Object) read(p []byte, off int64) error {
	return retry(o.ctx, func() error {
		o.requests++
		r, err := o.bucket.Range(o.ctx, o.Info, off, int64(len(p)))
		if err != nil {
			return err
		}
		defer r.Close()
		n, err := io.ReadFull(r, p)
		p, off = p[n:], off+int64(n)
		return err
	})
}

func (o *Object) Read(p []byte) (int, error) {
	if o.rest == nil {
		o.rest = &section{ctx: o.ctx, bucket: o.bucket, of: o.Info, end: o.Info.Size, asked: func() {
			o.mu.Lock()
			o.requests++
			o.mu.Unlock()
		}}
	}
	n, err := o.rest.Read(p)
	o.mu.Lock()
	o.bytes += int64(n)
	o.mu.Unlock()
	return n, err
}

// Remove deletes the object if it still is this version.
func (o *Object) Remove() error {
	return retry(o.ctx, func() error { return o.bucket.Remove(o.ctx, o.Info) })
}

// Close ends reading. It does not close the bucket.
func (o *Object) Close() error {
	if o.rest == nil {
		return nil
	}
	return o.rest.Close()
}

// tries of a request, the last after about half a minute. The SDKs try what fails at once by
// themselves; this is for what breaks off, and for a server that is started anew.
const tries = 8

func retry(ctx context.Context, do func() error) error {
	wait := 100 * time.Millisecond
	for n := 1; ; n++ {
		err := do()
		if err == nil || n == tries || permanent(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
		wait *= 2
	}
}
