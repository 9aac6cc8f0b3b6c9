package models

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lmz-go/lmz/lm"
)

// ErrClosed is returned by the methods of a closed store.
var ErrClosed = errors.New("models: store is closed")

// NotFoundError says which model was looked for and where.
type NotFoundError struct {
	Query  string     // the name given to Store.Open, or empty
	ID     lm.ModelID // the model given to Store.Model, when Query is empty
	Looked []string   // files and folders that were searched, besides the embedded models

	embedded []string // their names
	other    string   // a file that has the name of the released model, and is another
}

func (e *NotFoundError) Error() string {
	if e.Query != "" {
		return fmt.Sprintf("no model %q", e.Query)
	}
	name := "without a name"
	if e.ID.Name != "" {
		name = quoted(e.ID.Name)
	}
	return fmt.Sprintf("model %s with SHA-256 %x is not here", name, e.ID.SHA256)
}

// Hint says what to do about it.
func (e *NotFoundError) Hint() string {
	where := "looked"
	if len(e.embedded) > 0 {
		where += " at the embedded models and"
	}
	where += " in " + strings.Join(e.Looked, ", ")
	if r, ok := releasedNamed(e.Query); ok && r.apart {
		if e.other != "" {
			return e.other + " is not the released " + r.File + ", but another file or a part of it: put the whole of it there" + r.from()
		}
		return where + "; put " + r.File + " there" + r.from()
	}
	if e.Query != "" {
		where += "; give a path, a file's name without .gguf, "
		if len(e.embedded) == 0 {
			return where + "or the first digits of its SHA-256"
		}
		return where + "the first digits of its SHA-256, or one of " + strings.Join(e.embedded, ", ")
	}
	file, from := "the GGUF file with this hash", ""
	if r, ok := ReleasedWith(e.ID.SHA256); ok {
		file += ", the released " + r.File + ","
		from = r.from()
	}
	return where + "; put " + file + " there" + from + ", or give its path with --model or $" + PathVariable
}

// ambiguousError says that a name is the start of several models' hashes.
type ambiguousError struct {
	prefix string
	found  []File
}

func (e *ambiguousError) Error() string {
	var names []string
	for _, f := range e.found {
		names = append(names, quoted(f.Name()))
	}
	return fmt.Sprintf("%s begins the hashes of several models: %s", e.prefix, strings.Join(names, ", "))
}

// Hint says what to do about it.
func (e *ambiguousError) Hint() string { return "give more digits, or a path" }

// quoted is a name as it is if a terminal can show it so, else in quotes: names come from archives
// and files.
func quoted(name string) string {
	if q := fmt.Sprintf("%q", name); q != `"`+name+`"` {
		return q
	}
	return name
}
