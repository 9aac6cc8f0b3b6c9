package models

import (
	"path/filepath"
	"strings"
)

// File is a GGUF file that holds a model: an embedded one or one on disk. The zero value is the default embedded model.
type File struct {
	Path string // empty for an embedded model

	index int // in the table of embedded models
}

// EmbeddedFile is the embedded model of this name; an empty name, EmbeddedName and a name that none has give the default one.
func EmbeddedFile(name string) File {
	for i, m := range embedded {
		if m.name == name {
			return File{index: i}
		}
	}
	return File{}
}

// Embedded reports whether f is an embedded model.
func (f File) Embedded() bool { return f.Path == "" }

// Name is what a user calls the model: the name of an embedded one, else the file's without .gguf.
func (f File) Name() string {
	if f.Embedded() {
		return embedded[f.index].name
	}
	base := filepath.Base(f.Path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// String says where the model is.
func (f File) String() string {
	if f.Embedded() {
		return EmbeddedName
	}
	return f.Path
}

// bytes are those of an embedded model.
func (f File) bytes() []byte { return embedded[f.index].gguf }

// embeddedSHA256 is the hash of an embedded model, as the table of released models has it: it is not computed.
func (f File) embeddedSHA256() [32]byte {
	r, _ := releasedNamed(embedded[f.index].name)
	return r.SHA256
}
