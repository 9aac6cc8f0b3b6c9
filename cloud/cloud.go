// Package cloud reads and writes objects of S3, Google Cloud Storage and Azure, files, and memory
// through one interface: any range of one version of an object, and new objects that are there as
// a whole or not at all, and never in the place of another one unless that is asked for.
//
// A program that imports it can give URLs such as s3://bucket/app.log to everything that opens
// files by package internal/remote. Credentials and regions are those that each SDK finds in the
// environment; the query of a URL has the options of gocloud.dev/blob for its scheme, such as
// s3://bucket/app.log?region=eu-central-1.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strings"
	"sync"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	"gocloud.dev/blob/memblob"
	_ "gocloud.dev/blob/s3blob" // s3://

	"github.com/lmz-go/lmz/internal/remote"
)

// ErrChanged is returned when an object is no longer the version that is asked for.
var ErrChanged = remote.ErrChanged

// Info is one version of an object.
type Info struct {
	Key     string    `json:"key"`
	Size    int64     `json:"size"` // in bytes
	ModTime time.Time `json:"mod_time"`
	Version string    `json:"version"` // ETag or generation; of a file: inode and times
}

// Bucket is where objects are: a bucket, or files.
//
// What does not exist is fs.ErrNotExist, what should not be replaced fs.ErrExist, and an object of
// another version ErrChanged. Requests that fail for a reason that may pass are tried again.
type Bucket interface {
	// List gives the objects whose keys begin with prefix, in the order of keys; of files, those
	// below the folder of that name, or the file. What is not finished is left out: names that begin
	// with Hidden and, of files, the temporary ones of lmz.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	Stat(ctx context.Context, key string) (Info, error)
	// First opens the first n bytes of an object, and says which version it is.
	First(ctx context.Context, key string, n int64) (io.ReadCloser, Info, error)
	// Range opens n bytes of a version from off on, or all that follows if n is negative.
	Range(ctx context.Context, of Info, off, n int64) (io.ReadCloser, error)
	// Create begins an object of at most size bytes that is there after Commit. If nobody knows how
	// many there will be, size is 0, and S3 takes up to 160 GiB.
	Create(ctx context.Context, key string, overwrite bool, size int64) (Upload, error)
	// Sweep removes what uploads of an object, of at most that size, have left which were neither
	// committed nor discarded, since their process was killed. It is for an object that exists, which
	// uploads find that go on, or that nobody is to put.
	Sweep(ctx context.Context, of Info) error
	// Remove deletes an object if it still is this version.
	Remove(ctx context.Context, of Info) error
	// Tag puts tags on an object if it still is this version; where the store has no tags, the error
	// is errors.ErrUnsupported.
	Tag(ctx context.Context, of Info, tags map[string]string) error
	Close() error
}

// Upload is an object on its way. It is for one goroutine.
type Upload interface {
	io.Writer
	// Commit makes it an object and gives its version. Whether it succeeded is also known after a
	// connection was lost meanwhile.
	Commit() (Info, error)
	// Discard gives up what was not committed.
	Discard()
}

// Open opens the bucket of a URL, and gives the key in it. A name that is no URL, or a file:// URL,
// is that of a file or a folder.
func Open(ctx context.Context, name string) (Bucket, string, error) {
	if !remote.IsURL(name) {
		if path := remote.Path(name); !strings.Contains(path, "://") {
			return files{}, path, nil
		}
		return nil, "", fmt.Errorf("%s: URLs are s3://, gs://, azblob://, file:// and mem://", name)
	}
	u, err := url.Parse(name)
	if err != nil {
		return nil, "", err
	}
	key := strings.TrimPrefix(u.Path, "/")
	if u.Host == "" {
		return nil, "", fmt.Errorf("%s: the URL names no bucket", name)
	}
	if u.Scheme == memblob.Scheme {
		return objects{inMemory(u.Host), u.Host, true}, key, nil
	}
	u.Path, u.RawPath = "", ""
	b, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, "", err
	}
	return objects{b: b, name: u.Host}, key, nil
}

var memory struct {
	sync.Mutex
	buckets map[string]*blob.Bucket
}

// inMemory gives the bucket of a name, which lasts as long as the process.
func inMemory(name string) *blob.Bucket {
	memory.Lock()
	defer memory.Unlock()
	b := memory.buckets[name]
	if b == nil {
		if memory.buckets == nil {
			memory.buckets = map[string]*blob.Bucket{}
		}
		b = memblob.OpenBucket(nil)
		memory.buckets[name] = b
	}
	return b
}

// Join gives the URL, or the name of a file, of a key below another one.
func Join(name, below string) string {
	if _, folder := remote.Cut(name, "/"); !folder && below != "" {
		below = "/" + below
	}
	return remote.Extend(name, below)
}

var errNoTags = fmt.Errorf("objects of this store cannot be tagged by lmz: %w", errors.ErrUnsupported)
