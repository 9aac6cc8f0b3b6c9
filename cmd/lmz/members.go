package main

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/members"
	"github.com/lmz-go/lmz/stream"
)

// catMembers writes the member that is asked for, or the names and sizes of all.
func (c *catCommand) catMembers(src *file.Source, archive *stream.Archive, out io.Writer) error {
	all, err := members.List(archive)
	if errors.Is(err, members.ErrNoList) {
		return ui.Hinted(err.Error(), "lmz --one and packs of lmz job have it; lmz -dc FILE | tar t lists what any tar holds")
	}
	if err != nil {
		return err
	}
	if c.json {
		return printJSON(listed(all))
	}
	for _, m := range all {
		switch {
		case c.members:
			_, err = fmt.Fprintf(out, "%d\t%s\n", m.Size, ui.Printable(m.Name))
		case m.Name == c.member:
			counted := &counter{w: out}
			defer c.showCat(src.Name, m.Size, counted)()
			_, err = archive.WriteRange(counted, m.Offset, m.Size)
			return err
		}
		if err != nil {
			return err
		}
	}
	if c.members {
		return nil
	}
	return ui.Hinted(fmt.Sprintf("there is no member %q in it", c.member), "lmz cat --members shows what there is")
}

// listedMember is a member in JSON.
type listedMember struct {
	members.Member
	Raw []byte `json:"raw,omitempty"` // a name that is not UTF-8, which JSON has no room for
}

func listed(all []members.Member) []listedMember {
	list := []listedMember{} // [] rather than null
	for _, m := range all {
		l := listedMember{Member: m}
		if !utf8.ValidString(m.Name) {
			l.Raw = []byte(m.Name)
		}
		list = append(list, l)
	}
	return list
}
