package models

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"

	"github.com/lmz-go/lmz/internal/gguf"
)

// File is a GGUF file that holds a model: an embedded one or one on disk. Files are equal if they
// are the same.
type File struct {
	Path string // empty for an embedded model

	embedded *embeddedModel
}

// Embedded reports whether f is an embedded model.
func (f File) Embedded() bool { return f.embedded != nil }

// Name is what a user calls the model: the name of an embedded one, else the file's without .gguf.
func (f File) Name() string {
	if f.Embedded() {
		return f.embedded.Name
	}
	return withoutExt(f.Path)
}

// String says where the model is.
func (f File) String() string {
	if f.Embedded() {
		return EmbeddedName
	}
	return f.Path
}

// Open opens the content of a model file, which has size bytes. The caller closes it.
func (f File) Open() (r interface {
	io.ReaderAt
	io.Closer
}, size int64, err error) {
	if f.Embedded() {
		return embeddedReader{bytes.NewReader(f.embedded.GGUF)}, int64(len(f.embedded.GGUF)), nil
	}
	file, size, err := gguf.OpenFile(f.Path)
	if err != nil {
		return nil, 0, err
	}
	return file, size, nil
}

type embeddedReader struct{ *bytes.Reader }

func (embeddedReader) Close() error { return nil }

// generalName is the general.name of the file's metadata, or empty.
func generalName(path string) string {
	h, err := gguf.ReadFile(path)
	if err != nil {
		return ""
	}
	return h.Text("general.name")
}

func withoutExt(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
