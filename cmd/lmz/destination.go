package main

import (
	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
)

// suffix is that of archives.
const suffix = ".lmz"

// isArchive says whether a name is one of an archive.
func isArchive(name string) bool {
	_, is := remote.Cut(name, suffix)
	return is
}

// destination is where the flags say that a result goes.
type destination struct {
	output string // -o; "-": standard output
	stdout bool   // -c
	force  bool   // -f

	noSparse bool
}

func (d *destination) check() error {
	if d.output != "" && d.stdout {
		return ui.Usage("-o and -c exclude each other", "")
	}
	return nil
}

// named is the name that the flags give, if they do.
func (d *destination) named() (name string, ok bool) {
	if d.stdout {
		return "-", true
	}
	return d.output, d.output != ""
}

// meant says whether what is no regular file is to be read: the user has said where its content
// goes.
func (d *destination) meant() bool { return d.force || d.stdout || d.output != "" }

// removal deletes sources, if that is asked for.
type removal struct{ remove bool }

// source deletes src after its output is there for good.
func (r removal) source(src *file.Source, out *file.Output) error {
	if !r.remove {
		return nil
	}
	if err := out.Prove(); err != nil {
		return err
	}
	return src.Remove()
}
