package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
)

// suffix is that of archives.
const suffix = ".lmz"

// suffixFlag is another suffix than that; "": none.
type suffixFlag string

func (s *suffixFlag) Type() string   { return ".SUF" }
func (s *suffixFlag) String() string { return string(*s) }

func (s *suffixFlag) Set(text string) error {
	if text == "" || strings.ContainsAny(text, "/"+string(filepath.Separator)) {
		return errors.New("want an end of names, such as .lmz")
	}
	*s = suffixFlag(text)
	return nil
}

// ending is what names of new archives end in.
func (d *destination) ending() string {
	if d.suffix != "" {
		return string(d.suffix)
	}
	return suffix
}

// cut gives the name of an archive without its suffix.
func (d *destination) cut(name string) (base string, ok bool) {
	if base, ok = remote.Cut(name, d.ending()); !ok {
		base, ok = remote.Cut(name, suffix)
	}
	return base, ok
}

// isArchive says whether a name is one of an archive.
func (d *destination) isArchive(name string) bool {
	_, is := d.cut(name)
	return is
}

// destination is where the flags say that a result goes.
type destination struct {
	output string // -o; "-": standard output
	stdout bool   // -c
	force  bool   // -f
	suffix suffixFlag

	noSparse bool

	dir      string // of --output-dir
	existing bool   // --skip-existing

	outputs *outputs // of this run
}

func (d *destination) check() error {
	if d.output != "" && d.stdout {
		return ui.Usage("-o and -c exclude each other", "")
	}
	if d.dir != "" && (d.output != "" || d.stdout) {
		return ui.Usage("--output-dir excludes -o and -c", "")
	}
	if d.existing && (d.output == "-" || d.stdout || d.force) {
		return ui.Usage("--skip-existing excludes -c and -f", "")
	}
	d.outputs = new(outputs)
	return nil
}

// place is where a result of this name goes.
func (d *destination) place(name string) (string, error) {
	if d.dir == "" {
		return name, nil
	}
	return mirrored(d.dir, name)
}

// prepare makes the folder that a result goes to, and says whether it is there already and is to be
// left alone. It refuses a name that another result of this run has.
func (d *destination) prepare(name string) (done bool, err error) {
	if name == "-" {
		return false, nil
	}
	if d.existing {
		if done, err := file.Exists(name); done || err != nil {
			return done, err
		}
	}
	if d.dir != "" && !remote.IsURL(name) {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return false, err
		}
	}
	return false, d.outputs.claim(name)
}

// taken adds to the error of a name that is taken what can be done of many files.
func (d *destination) taken(err error) error {
	if errors.Is(err, file.ErrExists) && d.output == "" {
		err = takenError{err}
	}
	return err
}

type takenError struct{ error }

func (e takenError) Unwrap() error { return e.error }
func (takenError) Hint() string {
	return "overwrite it with -f, leave it alone with --skip-existing, or, of one file, give -o FILE"
}

// named is the name that the flags give, if they do.
func (d *destination) named() (name string, ok bool) {
	if d.stdout {
		return "-", true
	}
	return d.output, d.output != ""
}

// askedAbout takes those out of files whose results, which have the names that result gives, are
// there already, if somebody is to be asked whether to overwrite them: side by side, questions would
// come in any order.
func (d *destination) askedAbout(a *app, files []string, result func(name string) (string, bool)) (asked, others []string) {
	if !a.ui.CanAsk() || d.force || d.existing || d.output != "" {
		return nil, files
	}
	for _, name := range files {
		to, ok := result(name)
		if ok {
			to, _ = d.place(to)
			ok, _ = file.Exists(to)
		}
		if ok {
			asked = append(asked, name)
		} else {
			others = append(others, name)
		}
	}
	return asked, others
}

// meant says whether what is no regular file is to be read: the user has said where its content
// goes.
func (d *destination) meant() bool { return d.force || d.stdout || d.output != "" }

// removal deletes sources, if that is asked for.
type removal struct{ remove bool }

// source deletes src after its output is there for good; done is what was done with it.
func (r removal) source(done string, src *file.Source, out *file.Output) error {
	if !r.remove {
		return nil
	}
	if out.Needs(src) {
		return kept(done, ui.Kept("it is a dictionary or model of this run, which archives need"))
	}
	if err := out.Prove(); err != nil {
		return kept(done, err)
	}
	err := src.Remove()
	var path *fs.PathError
	if errors.As(err, &path) {
		err = ui.Hinted(fmt.Sprintf("is %s to %s, which is complete, but cannot be deleted: %v", done, out.Name, path.Err), "delete it yourself, when its folder can be written to")
	}
	return kept(done, err)
}

// kept is an error of deleting a source that says first what was done with that.
func kept(done string, err error) error {
	if skip := new(ui.SkipError); errors.As(err, &skip) && skip.Done {
		return ui.Kept("is " + done + ", but kept: " + skip.Error())
	}
	return err
}
