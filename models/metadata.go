package models

import (
	"bytes"
	"io"
	"os"

	"github.com/lmz-go/lmz/internal/gguf"
)

// ReaderAtCloser is the content of a model file.
type ReaderAtCloser interface {
	io.ReaderAt
	io.Closer
}

// Open opens the content of a model file, which has size bytes. The caller closes it.
func (f File) Open() (r ReaderAtCloser, size int64, err error) {
	if f.Embedded() {
		return embeddedReader{bytes.NewReader(f.bytes())}, int64(len(f.bytes())), nil
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

type embeddedReader struct{ *bytes.Reader }

func (embeddedReader) Close() error { return nil }

// Header reads the GGUF header of a model file, without libllama.
func (f File) Header() (*gguf.Header, error) {
	if f.Embedded() {
		return gguf.Read(bytes.NewReader(f.bytes()), int64(len(f.bytes())))
	}
	return gguf.ReadFile(f.Path)
}

// name is the general.name of the file's metadata, or empty.
func (f File) name() string {
	h, err := f.Header()
	if err != nil {
		return ""
	}
	return h.Text("general.name")
}
