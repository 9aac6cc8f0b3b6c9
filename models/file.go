package models

// File is a GGUF file that holds a model; the zero value is the embedded one.
type File struct {
	Path string
}

// Embedded reports whether f is the embedded model.
func (f File) Embedded() bool { return f.Path == "" }

func (f File) String() string {
	if f.Embedded() {
		return EmbeddedName
	}
	return f.Path
}
