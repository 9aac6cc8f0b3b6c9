package models

import (
	"fmt"
	"strings"

	"github.com/lmz-go/lmz/lm"
)

// NotFoundError says which model was looked for and where.
type NotFoundError struct {
	Query  string     // the name given to Store.Open, or empty
	ID     lm.ModelID // the model given to Store.Model, when Query is empty
	Looked []string   // files and folders that were searched, besides the embedded model
}

func (e *NotFoundError) Error() string {
	if e.Query != "" {
		return fmt.Sprintf("no model %q", e.Query)
	}
	name := e.ID.Name
	if name == "" {
		name = "without a name"
	}
	return fmt.Sprintf("model %s with SHA-256 %x is not here", name, e.ID.SHA256)
}

// Hint says what to do about it.
func (e *NotFoundError) Hint() string {
	where := "looked at the embedded models and in " + strings.Join(e.Looked, ", ")
	if e.Query != "" {
		return where + "; give a path, a file's name without .gguf, the first digits of its SHA-256, or one of " +
			strings.Join(EmbeddedNames(), ", ")
	}
	file := "the GGUF file with this hash"
	if r, ok := ReleasedWith(e.ID.SHA256); ok {
		file += ", the released " + r.File + ","
	}
	return where + "; put " + file + " there, or give its path with -m or $" + PathVariable
}

// AmbiguousError says that a name is the start of several models' hashes.
type AmbiguousError struct {
	Prefix string
	Found  []File
}

func (e *AmbiguousError) Error() string {
	var names []string
	for _, f := range e.Found {
		names = append(names, f.Name())
	}
	return fmt.Sprintf("%s begins the hashes of several models: %s", e.Prefix, strings.Join(names, ", "))
}

// Hint says what to do about it.
func (e *AmbiguousError) Hint() string { return "give more digits, or a path" }
