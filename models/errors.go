package models

import (
	"fmt"
	"strings"

	"github.com/lmz-go/lmz/codec"
)

// NotFoundError says which model was looked for and where.
type NotFoundError struct {
	Query  string        // the name given to Store.Open, or empty
	ID     codec.ModelID // the model given to Store.Model, when Query is empty
	Looked []string      // files and folders that were searched, besides the embedded model
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
	where := "looked at the embedded model and in " + strings.Join(e.Looked, ", ")
	if e.Query != "" {
		return where + "; give a path, or a file's name without .gguf, or " + EmbeddedName
	}
	return where + "; put the GGUF file with this hash there, or give its path with -m or $" + PathVariable
}
