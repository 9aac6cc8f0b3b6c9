package file

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/lmz-go/lmz/internal/remote"
)

// Set is the temporary files that a run has now: a signal must remove them. The zero value is ready
// for use.
type Set struct {
	mu      sync.Mutex
	current map[*Output]bool
	needed  []fs.FileInfo // see Keep
}

// Keep says that what the run makes can be read only with these files, such as dictionaries: no
// output may take their place, and none is to be deleted as a source. Those that are not there are
// left out. It must be called before anything else.
func (s *Set) Keep(names ...string) {
	for _, name := range names {
		if info, err := os.Stat(remote.Path(name)); err == nil && info.Mode().IsRegular() {
			s.needed = append(s.needed, info)
		}
	}
}

// needs says whether a file is one of those.
func (s *Set) needs(file fs.FileInfo) bool {
	return slices.ContainsFunc(s.needed, func(n fs.FileInfo) bool { return os.SameFile(n, file) })
}

// stage opens a new temporary file for o, in the same folder, so that renaming it is atomic.
func (s *Set) stage(o *Output, perm fs.FileMode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		name := temporaryName(o.Name, rand.Text()[:10])
		f, err := openShared(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		var path *fs.PathError
		if errors.As(err, &path) {
			path.Path = o.Name // which the user knows
		}
		if err != nil {
			return err
		}
		s.adopt(o, f)
		return nil
	}
}

// adopt makes an open file the temporary one of o. s.mu must be held.
func (s *Set) adopt(o *Output, f *os.File) {
	o.file, o.temporary = f, f.Name()
	s.keep(o)
}

// keep makes o one of the unfinished outputs. s.mu must be held.
func (s *Set) keep(o *Output) {
	o.set = s
	if s.current == nil {
		s.current = map[*Output]bool{}
	}
	s.current[o] = true
}

// temporaryName is hidden, in the folder of name, and never longer than a file system takes where
// name is not.
func temporaryName(name, tag string) string {
	dir, base := filepath.Split(name)
	if len(base) > 40 {
		base = strings.ToValidUTF8(base[:40], "")
	}
	return filepath.Join(dir, "."+base+"."+tag)
}

// appendName is the temporary name of a first archive to append to: who appends to one that does
// not exist yet must find who did so before.
func appendName(name string) string {
	sum := sha256.Sum256([]byte(filepath.Base(name)))
	const digits = "abcdefghijklmnopqrstuvwxyz234567"
	tag := make([]byte, 16)
	for i := range tag {
		tag[i] = digits[sum[i]%32]
	}
	return temporaryName(name, string(tag))
}

// publish gives the temporary file its name; it stays open. Without force another file of this name
// is kept, and the error is fs.ErrExist.
func (s *Set) publish(o *Output) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rename := renameNew
	if o.force {
		rename = renameOver
	}
	if err := rename(o.temporary, o.Name); err != nil {
		return err
	}
	o.temporary = ""
	delete(s.current, o)
	return nil
}

// discard removes the temporary file of o, if it still is one.
func (s *Set) discard(o *Output) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.upload != nil { // also what is committed, whose bucket is still open
		delete(s.current, o)
		o.upload.Discard()
		return
	}
	if s.current[o] {
		s.remove(o)
	}
	o.file.Close()
}

func (s *Set) remove(o *Output) {
	if o.upload != nil {
		o.upload.Discard()
	} else {
		os.Remove(o.temporary)
	}
	delete(s.current, o)
}

// Abort removes what is unfinished; no output can appear any more.
func (s *Set) Abort() {
	s.mu.Lock() // for ever
	for o := range s.current {
		s.remove(o)
	}
}
