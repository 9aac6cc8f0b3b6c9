package members

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lmz-go/lmz/stream"
)

var (
	_ fs.ReadDirFS  = (*FS)(nil)
	_ fs.StatFS     = (*FS)(nil)
	_ io.ReadSeeker = (*file)(nil)
	_ io.ReaderAt   = (*file)(nil)
	_ io.WriterTo   = (*file)(nil)
)

// FS is the files of an archive as a file system. Its files are io.ReaderAt, io.Seeker and
// io.WriterTo, too; http.FileServerFS serves them. Methods may be called concurrently, those of a
// file that is open belong to one goroutine at a time, but for ReadAt.
type FS struct {
	archive *stream.Archive
	entries map[string]*entry // by path; "." is the root
}

// entry is a file or a folder.
type entry struct {
	Member
	name   string // last element of the path
	inside []fs.DirEntry
	folder bool
}

// Open reads the list of members of an archive, which must stay open; errors are those of List. A
// path is the name of a member without what leads above the root: a member whose path another one
// in front of it has, also as a folder, is left out, as is one whose path fs.ValidPath refuses or
// has more than 4096 bytes. The names are kept, which takes a hundred times their length at worst.
func Open(a *stream.Archive) (*FS, error) {
	list, err := List(a)
	if err != nil {
		return nil, err
	}
	f := &FS{archive: a, entries: map[string]*entry{".": {name: ".", folder: true}}}
	for _, m := range list {
		if name := pathOf(m.Name); name != "" && len(name) <= longestPath && fs.ValidPath(name) {
			f.add(name, m)
		}
	}
	for _, e := range f.entries {
		slices.SortFunc(e.inside, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return f, nil
}

// pathOf is the name of a member without what leads above the root.
func pathOf(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// longestPath bounds what the folders of one name take, in bytes.
const longestPath = 4096

func (f *FS) add(name string, m Member) {
	if f.entries[name] != nil {
		return
	}
	above := f.folder(path.Dir(name))
	if above == nil {
		return
	}
	e := &entry{Member: m, name: path.Base(name)}
	f.entries[name] = e
	above.inside = append(above.inside, e)
}

// folder gives the folder of that path, which is made if need be; nil: a file has it.
func (f *FS) folder(name string) *entry {
	if e := f.entries[name]; e != nil {
		if !e.folder {
			return nil
		}
		return e
	}
	above := f.folder(path.Dir(name))
	if above == nil {
		return nil
	}
	e := &entry{name: path.Base(name), folder: true}
	f.entries[name] = e
	above.inside = append(above.inside, e)
	return e
}

func (f *FS) entry(op, name string) (*entry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if e := f.entries[name]; e != nil {
		return e, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Open opens a file or a folder. Nothing is decoded before it is read.
func (f *FS) Open(name string) (fs.File, error) {
	e, err := f.entry("open", name)
	if err != nil {
		return nil, err
	}
	if e.folder {
		return &folder{entry: e, path: name}, nil
	}
	return &file{io.NewSectionReader(f.archive, e.Offset, e.Size), f.archive, e}, nil
}

// Stat decodes nothing. A folder has no time.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	e, err := f.entry("stat", name)
	if err != nil {
		return nil, err
	}
	return info{e}, nil
}

// ReadDir decodes nothing.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	e, err := f.entry("readdir", name)
	if err == nil && !e.folder {
		err = &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, err
	}
	return slices.Clone(e.inside), nil
}

// An entry is what is in a folder.
func (e *entry) Name() string               { return e.name }
func (e *entry) IsDir() bool                { return e.folder }
func (e *entry) Type() fs.FileMode          { return info{e}.Mode().Type() }
func (e *entry) Info() (fs.FileInfo, error) { return info{e}, nil }
func (e *entry) String() string             { return fs.FormatDirEntry(e) }

// info is what is known of an entry.
type info struct{ e *entry }

func (i info) Name() string       { return i.e.name }
func (i info) Size() int64        { return i.e.Size }
func (i info) ModTime() time.Time { return i.e.Modified }
func (i info) IsDir() bool        { return i.e.folder }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.e.folder {
		return fs.ModeDir | 0o555
	}
	return i.e.Member.Mode
}

// file is a file that is open.
type file struct {
	*io.SectionReader
	archive *stream.Archive
	e       *entry
}

func (f *file) Stat() (fs.FileInfo, error) { return info{f.e}, nil }
func (f *file) Close() error               { return nil }

// WriteTo writes what has not been read; chunks are decoded side by side.
func (f *file) WriteTo(w io.Writer) (int64, error) {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil || at >= f.e.Size {
		return 0, err
	}
	n, err := f.archive.WriteRange(w, f.e.Offset+at, f.e.Size-at)
	f.Seek(n, io.SeekCurrent)
	return n, err
}

// folder is a folder that is open.
type folder struct {
	*entry
	path string
	read int // of its entries
}

func (d *folder) Stat() (fs.FileInfo, error) { return info{d.entry}, nil }
func (d *folder) Close() error               { return nil }
func (d *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: fs.ErrInvalid}
}

func (d *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	left := d.inside[d.read:]
	if n > 0 {
		if len(left) == 0 {
			return nil, io.EOF
		}
		left = left[:min(n, len(left))]
	}
	d.read += len(left)
	return slices.Clone(left), nil
}
