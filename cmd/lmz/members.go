package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/stream"
)

// member is a file in the tar of --one. The last file of the tar lists all others, one on each
// line, and ends with a line that says where it begins, so that it is found from the end.
type member struct {
	Name   string `json:"name"`
	Offset int64  `json:"offset"` // of its content in the tar
	Size   int64  `json:"size"`   // bytes
}

const (
	membersName    = ".lmz-members"
	membersTrailer = "members begin at %020d\n"
	membersEnd     = 38 // bytes of it
	tarEnd         = 2 * 512
)

func appendMembers(dst []byte, list []member) []byte {
	for _, m := range list {
		line, err := json.Marshal(m)
		if err != nil {
			panic(err) // a struct of strings and numbers
		}
		dst = append(append(dst, line...), '\n')
	}
	return dst
}

// errNoMembers is for archives that --one has not written.
var errNoMembers = ui.Hinted("there is no list of members in it", "lmz --one writes it; lmz -dc FILE | tar t lists what any tar holds")

// readMembers reads the list. It decodes the chunks that hold it.
func readMembers(a *stream.Archive) ([]member, error) {
	size := a.Size()
	if size < tarEnd {
		return nil, errNoMembers
	}
	tail := make([]byte, min(size, tarEnd+512+membersEnd))
	if _, err := a.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return nil, err
	}
	end := bytes.TrimRight(tail, "\x00")
	var begin int64
	if i := len(end) - membersEnd; i < 0 {
		return nil, errNoMembers
	} else if _, err := fmt.Sscanf(string(end[i:]), membersTrailer, &begin); err != nil {
		return nil, errNoMembers
	}
	last := size - int64(len(tail)) + int64(len(end)) - membersEnd
	if begin < 0 || begin > last {
		return nil, fmt.Errorf("%w: its list of members begins at byte %d of %d", stream.ErrCorrupt, begin, size)
	}
	var list []member
	for d := json.NewDecoder(io.NewSectionReader(a, begin, last-begin)); ; {
		var m member
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err == nil && (m.Offset < 0 || m.Size < 0 || m.Offset > begin-m.Size) {
			err = fmt.Errorf("member %q is outside of the archive", m.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: list of members: %w", stream.ErrCorrupt, err)
		}
		list = append(list, m)
	}
}

// catMembers writes the members of that name, or with list set the names and sizes of all.
func catMembers(archive *stream.Archive, name string, list bool, out io.Writer) error {
	members, err := readMembers(archive)
	if err != nil {
		return err
	}
	for _, m := range members {
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
