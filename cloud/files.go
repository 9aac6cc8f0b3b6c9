package cloud

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/lmz-go/lmz/internal/folder"
)

// files is the file system; keys are names of files.
type files struct{ private bool }

// Private is the file system where it makes files that nobody but their owner may read.
func (files) Private() Bucket { return files{private: true} }

func (files) Close() error { return nil }

// Hidden begins the last part of the names of what is on its way: files that are not complete, and
// objects that others are made of.
const Hidden = folder.Upload

func isArchive(name string) bool { return strings.HasSuffix(name, ".lmz") }

// uploadName is that of the n-th upload of a file, as long as it is not complete.
func uploadName(key string, n int) string {
	sum := sha256.Sum256([]byte(filepath.Base(key)))
	return filepath.Join(filepath.Dir(key), fmt.Sprintf("%s%x-%d", Hidden, sum[:8], n))
}

func (f files) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		_ = filepath.WalkDir(prefix, func(name string, d fs.DirEntry, err error) error {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if errors.Is(err, fs.ErrNotExist) && name != prefix {
				return nil // a folder, since the one that it is in was read
			}
			if err != nil {
				yield(Info{}, err)
				return fs.SkipAll
			}
			if !d.Type().IsRegular() || folder.Unfinished(name, isArchive) {
				return nil
			}
			info, err := f.Stat(ctx, name)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // since the folder was read
			}
			if !yield(info, err) || err != nil {
				return fs.SkipAll
			}
			return nil
		})
	}
}

func (files) Stat(_ context.Context, key string) (Info, error) {
	s, err := os.Stat(key)
	if err != nil {
		return Info{}, err
	}
	return infoOf(key, s), nil
}

func infoOf(key string, s fs.FileInfo) Info {
	return Info{Key: key, Size: s.Size(), ModTime: s.ModTime(), Version: fmt.Sprintf("%d-%d%s", s.ModTime().UnixNano(), s.Size(), inode(s))}
}

func (f files) First(ctx context.Context, key string, n int64) (io.ReadCloser, Info, error) {
	info, err := f.Stat(ctx, key)
	if err != nil {
		return nil, Info{}, err
	}
	r, err := f.Range(ctx, info, 0, n)
	return r, info, err
}

func (files) Range(_ context.Context, of Info, off, n int64) (io.ReadCloser, error) {
	f, err := os.Open(of.Key)
	if err != nil {
		return nil, err
	}
	s, err := f.Stat()
	if err == nil && infoOf(of.Key, s).Version != of.Version {
		err = fmt.Errorf("%s: %w", of.Key, ErrChanged)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	if n < 0 {
		n = of.Size - off
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, off, n), f}, nil
}

func (f files) Remove(ctx context.Context, of Info) error {
	if err := unchanged(ctx, f, of); err != nil {
		return err
	}
	return os.Remove(of.Key)
}

func (files) Tag(context.Context, Info, map[string]string) error { return errNoTags }

func (f files) Create(_ context.Context, key string, overwrite bool, _ int64) (Upload, error) {
	if _, err := os.Lstat(key); err == nil && !overwrite {
		return nil, &fs.PathError{Op: "create", Path: key, Err: fs.ErrExist}
	}
	if err := os.MkdirAll(filepath.Dir(key), 0o777); err != nil {
		return nil, err
	}
	perm := fs.FileMode(0o666)
	if f.private {
		perm = 0o600
	}
	for n := 0; ; n++ {
		f, err := os.OpenFile(uploadName(key, n), os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue // of another process, or one that was killed
		}
		if err != nil {
			return nil, err
		}
		return &fileUpload{File: f, key: key, overwrite: overwrite}, nil
	}
}

// gap is how many numbers of uploads in a row are free behind the last one that is not.
const gap = 16

func (files) Sweep(_ context.Context, of Info) error {
	for n, free := 0, 0; free < gap; n++ {
		switch err := os.Remove(uploadName(of.Key, n)); {
		case err == nil:
			free = 0
		case errors.Is(err, fs.ErrNotExist):
			free++
		default:
			return err
		}
	}
	return nil
}

// fileUpload is a file that gets its name when it is complete and on the disk.
type fileUpload struct {
	*os.File
	key       string
	overwrite bool
}

func (u *fileUpload) Commit() (Info, error) {
	defer u.Discard()
	if err := u.Sync(); err != nil {
		return Info{}, err
	}
	s, err := u.Stat()
	if err != nil {
		return Info{}, err
	}
	if err := u.Close(); err != nil { // Windows moves and deletes no open file
		return Info{}, err
	}
	publish := os.Link // which replaces nothing
	if u.overwrite {
		publish = os.Rename
	}
	if err := publish(u.Name(), u.key); err != nil {
		if _, failed := os.Lstat(u.key); failed == nil && !u.overwrite { // and this one was swept
			err = &fs.PathError{Op: "create", Path: u.key, Err: fs.ErrExist}
		} else if errors.Is(err, fs.ErrNotExist) { // the upload, not the file
			err = fmt.Errorf("write %s: the upload is gone: %v", u.key, err)
		}
		return Info{}, err
	}
	return infoOf(u.key, s), folder.Sync(filepath.Dir(u.key))
}

func (u *fileUpload) Discard() {
	u.Close()
	os.Remove(u.Name())
}
