package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
)

// openObject opens an object of a store.
func openObject(url string) (*Source, error) {
	s, err := store()
	if err != nil {
		return nil, err
	}
	o, err := s.Open(context.Background(), url)
	if err != nil {
		return nil, err
	}
	return &Source{Name: url, Info: objectInfo{url, o}, object: o}, nil
}

func store() (remote.Store, error) {
	if s := remote.Registered(); s != nil {
		return s, nil
	}
	return nil, ui.Hinted("this program opens no URLs of object stores", "lmz-cloud does, which lmz runs for URLs in its arguments; if lmz-cloud is not installed: releases have it, and make builds it; it belongs next to lmz or into $PATH")
}

// Below gives the objects below a URL, as if that were a folder.
func Below(url string) ([]remote.Listed, error) {
	s, err := store()
	if err != nil {
		return nil, err
	}
	var all []remote.Listed
	for l, err := range s.List(context.Background(), url) {
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// Exists says whether a file or an object has a name.
func Exists(name string) (bool, error) {
	if !remote.IsURL(name) {
		_, err := os.Lstat(remote.Path(name))
		return err == nil, nil
	}
	s, err := store()
	if err != nil {
		return false, err
	}
	return s.Exists(context.Background(), name)
}

// Traffic counts the requests for the content of an object, and the bytes that they gave. Of files
// both are 0.
func (s *Source) Traffic() (requests, bytes int64) {
	if s.object == nil {
		return 0, 0
	}
	return s.object.Traffic()
}

// createObject begins an object of a store.
func (s *Set) createObject(url string, src *Source, how Manner) (*Output, error) {
	switch {
	case src.object != nil && src.Name == url:
		return nil, ErrSame
	case how.Live:
		return nil, ui.Hinted("an object is there only when it is complete", "--flush-every writes to files and pipes")
	}
	to, err := store()
	if err != nil {
		return nil, err
	}
	o := &Output{Name: url, force: how.Force, staged: true}
	if o.upload, err = to.Create(context.Background(), url, how.Force); errors.Is(err, fs.ErrExist) {
		return nil, o.exists()
	}
	if err != nil {
		return nil, err
	}
	o.writer = o.upload
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(o)
	return o, nil
}

// commitObject makes the output an object of its store.
func (o *Output) commitObject() error {
	err := o.upload.Commit() // a signal need not wait for it
	if errors.Is(err, fs.ErrExist) {
		return o.exists()
	}
	if err != nil {
		return err
	}
	o.set.mu.Lock()
	defer o.set.mu.Unlock()
	delete(o.set.current, o)
	return nil
}

// objectInfo is what an object has of a file.
type objectInfo struct {
	url string
	remote.Object
}

func (i objectInfo) Name() string       { return path.Base(i.url) }
func (i objectInfo) Mode() fs.FileMode  { return 0o600 }
func (i objectInfo) IsDir() bool        { return false }
func (i objectInfo) Sys() any           { return nil }
func (i objectInfo) ModTime() time.Time { return i.Object.ModTime() }
