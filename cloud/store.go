package cloud

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"strings"

	"github.com/lmz-go/lmz/internal/remote"
)

func init() { remote.Register(store{}) }

// store is what the command opens URLs with.
type store struct{}

func (store) Open(ctx context.Context, url string) (remote.Object, error) {
	b, key, err := Open(ctx, url)
	if err != nil {
		return nil, err
	}
	o, err := OpenObject(ctx, b, key)
	var opening *fs.PathError
	if errors.As(err, &opening) {
		err = &fs.PathError{Op: opening.Op, Path: url, Err: opening.Err}
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return &opened{o, b}, nil
}

func (store) List(ctx context.Context, url string) iter.Seq2[remote.Listed, error] {
	return func(yield func(remote.Listed, error) bool) {
		b, key, err := Open(ctx, url)
		if err != nil {
			yield(remote.Listed{}, err)
			return
		}
		defer b.Close()
		if key != "" && !strings.HasSuffix(key, "/") {
			key += "/"
		}
		for info, err := range b.List(ctx, key) {
			if err != nil {
				yield(remote.Listed{}, err)
				return
			}
			below := strings.TrimPrefix(info.Key, key)
			if below == "" || strings.HasSuffix(below, "/") {
				continue
			}
			if !yield(remote.Listed{URL: remote.Below(url, below), Below: below, Size: info.Size}, nil) {
				return
			}
		}
	}
}

func (store) Exists(ctx context.Context, url string) (bool, error) {
	b, key, err := Open(ctx, url)
	if err != nil {
		return false, err
	}
	defer b.Close()
	_, err = b.Stat(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// opened is an Object with a bucket of its own.
type opened struct {
	*Object
	b Bucket
}

func (o *opened) Close() error { return errors.Join(o.Object.Close(), o.b.Close()) }

func (store) Create(ctx context.Context, url string, overwrite bool) (remote.Upload, error) {
	b, key, err := Open(ctx, url)
	if err != nil {
		return nil, err
	}
	u, err := b.Create(ctx, key, overwrite, 0)
	if err != nil {
		b.Close()
		return nil, err
	}
	return &created{ctx: ctx, b: b, u: u, sum: sha256.New()}, nil
}

// created is an Upload with a bucket of its own, and what proves it.
type created struct {
	ctx  context.Context
	b    Bucket
	u    Upload
	sum  hash.Hash
	info Info
}

func (c *created) Write(p []byte) (int, error) {
	n, err := c.u.Write(p)
	c.sum.Write(p[:n])
	return n, err
}

func (c *created) Commit() (err error) {
	c.info, err = c.u.Commit()
	return err
}

func (c *created) Prove() error {
	sum, err := Sum(c.ctx, c.b, c.info)
	if err == nil && sum != [sha256.Size]byte(c.sum.Sum(nil)) {
		err = fmt.Errorf("%s holds other bytes than were written", c.info.Key)
	}
	return err
}

func (c *created) Discard() {
	c.u.Discard()
	c.b.Close()
}

// Sum reads a version of an object and gives its SHA-256.
func Sum(ctx context.Context, b Bucket, of Info) (sum [sha256.Size]byte, err error) {
	o := Version(ctx, b, of)
	defer o.Close()
	h := sha256.New()
	if _, err := io.Copy(h, o); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
