// Package remote is what the command knows of objects that have URLs, such as s3://bucket/app.log.
// What opens them is linked in by programs that import package cloud, with the SDKs that it needs.
package remote

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/url"
	"strings"
	"time"
)

// ErrChanged is returned when an object is no longer the one that was opened or written.
var ErrChanged = errors.New("it has changed in the meantime")

// Store opens objects by their URLs.
type Store interface {
	// Open opens an object. One that does not exist is a *fs.PathError.
	Open(ctx context.Context, url string) (Object, error)
	// Create begins an object, which is there when it is committed. Without overwrite an existing
	// object is fs.ErrExist, from Create or from Commit.
	Create(ctx context.Context, url string, overwrite bool) (Upload, error)
	// List gives the objects below a URL, as if that were a folder, in the order of their keys. Those
	// that stand for folders, whose keys end in a slash, are left out.
	List(ctx context.Context, url string) iter.Seq2[Listed, error]
	// Exists says whether there is an object.
	Exists(ctx context.Context, url string) (bool, error)
}

// Listed is an object that was found below a URL.
type Listed struct {
	URL   string
	Below string // its key behind that of the URL
	Size  int64  // in bytes
}

// Object is one version of an object: when another takes its place, reading ends with ErrChanged.
type Object interface {
	io.Reader
	io.ReaderAt // for concurrent calls; Read goes on where it was
	io.Closer
	Size() int64 // in bytes
	ModTime() time.Time
	// Remove deletes the object if it still is this version, else ErrChanged.
	Remove() error
	// Traffic counts the requests for content so far, and the bytes that they gave.
	Traffic() (requests, bytes int64)
}

// Upload is an object on its way.
type Upload interface {
	io.Writer
	// Commit makes it an object of the store; there is none before, and none after an error.
	Commit() error
	// Prove reads the object back and compares its SHA-256 with that of what was written.
	Prove() error
	// Discard gives up what was not committed, and frees what an Upload takes.
	Discard()
}

var schemes = []string{"s3", "gs", "azblob", "mem"}

// IsURL reports whether a name is the URL of an object. Those of files are names of files (see
// Path).
func IsURL(name string) bool {
	for _, s := range schemes {
		if strings.HasPrefix(name, s+"://") {
			return true
		}
	}
	return false
}

// Extend gives the URL, or the name of a file, that has a suffix more.
func Extend(name, suffix string) string {
	key, query := CutQuery(name)
	return key + suffix + query
}

// Cut is strings.CutSuffix for URLs, whose suffix stands in front of their query, and names of
// files.
func Cut(name, suffix string) (string, bool) {
	key, query := CutQuery(name)
	base, found := strings.CutSuffix(key, suffix)
	return base + query, found
}

// Below gives the URL of a key below that of another one, whose query it has.
func Below(name, key string) string {
	folder, query := CutQuery(name)
	return strings.TrimSuffix(folder, "/") + "/" + (&url.URL{Path: key}).EscapedPath() + query
}

// Key gives the key that a URL names.
func Key(name string) string {
	u, err := url.Parse(name)
	if err != nil {
		return name
	}
	return strings.TrimPrefix(u.Path, "/")
}

// CutQuery cuts a URL in front of its query. The name of a file has none.
func CutQuery(name string) (key, query string) {
	if IsURL(name) {
		if i := strings.IndexByte(name, '?'); i >= 0 {
			return name[:i], name[i:]
		}
	}
	return name, ""
}

var registered Store

// Register makes a store the one of this program. It is for init functions.
func Register(s Store) { registered = s }

// Registered is the store of this program, or nil.
func Registered() Store { return registered }
