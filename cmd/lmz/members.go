package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/members"
	"github.com/lmz-go/lmz/stream"
)

// catMembers writes the members of that name, or with list set the names and sizes of all.
func catMembers(archive *stream.Archive, name string, list bool, out io.Writer) error {
	all, err := members.List(archive)
	if errors.Is(err, members.ErrNoList) {
		return ui.Hinted(err.Error(), "lmz --one writes it; lmz -dc FILE | tar t lists what any tar holds")
	}
	if err != nil {
		return err
	}
	for _, m := range all {
		switch {
		case list:
			_, err = fmt.Fprintf(out, "%d\t%s\n", m.Size, ui.Printable(m.Name))
		case m.Name == name:
			_, err = archive.WriteRange(out, m.Offset, m.Size)
			return err
		}
		if err != nil {
			return err
		}
	}
	if list {
		return nil
	}
	return ui.Hinted(fmt.Sprintf("there is no member %q in it", name), "lmz cat --members shows what there is")
}
