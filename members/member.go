// Package members reads and writes archives of many files: a tar whose last file lists all others,
// so that each is found, and read, without what is in front of it. The command writes them with
// --one. To tar they are tars like others.
package members

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
	"unicode/utf8"

	"github.com/lmz-go/lmz/stream"
)

// Member is a file of an archive.
type Member struct {
	Name     string      `json:"name"`   // as the tar has it, with slashes
	Offset   int64       `json:"offset"` // of its content in the tar; files that are the same share one
	Size     int64       `json:"size"`   // bytes
	Mode     fs.FileMode `json:"mode"`
	Modified time.Time   `json:"modified"`
}

// ErrNoList is for archives that do not end with a list of members.
var ErrNoList = errors.New("there is no list of members in it")

// ListName is that of the list in the tar: no member can have it.
const ListName = ".lmz-members"

// The list has a line of JSON for each member, and one behind them that says where it begins, so
// that it is found from the end.
const (
	listTrailer = "members begin at %020d\n"
	trailerSize = 38 // bytes of it
	tarBlock    = 512
	tarEnd      = 2 * tarBlock
)

// line is a Member in the list.
type line struct {
	Name     string `json:"name"`
	Raw      []byte `json:"raw,omitempty"` // a name that is not UTF-8, which JSON has no room for
	Offset   int64  `json:"offset"`
	Size     int64  `json:"size"`
	Mode     uint32 `json:"mode,omitempty"`     // permissions alone
	Modified int64  `json:"modified,omitempty"` // seconds since 1970
}

func appendList(dst []byte, list []Member) []byte {
	for _, m := range list {
		l := line{m.Name, nil, m.Offset, m.Size, uint32(m.Mode.Perm()), m.Modified.Unix()}
		if !utf8.ValidString(m.Name) {
			l.Raw = []byte(m.Name)
		}
		if m.Modified.IsZero() {
			l.Modified = 0
		}
		text, err := json.Marshal(l)
		if err != nil {
			panic(err) // a struct of strings and numbers
		}
		dst = append(append(dst, text...), '\n')
	}
	return dst
}

// List reads the members of an archive, in the order of the tar. It decodes the chunks that hold
// the list. It returns ErrNoList, stream.ErrCorrupt for a list that is wrong, and the errors of
// ReadAt.
func List(a *stream.Archive) ([]Member, error) {
	size := a.Size()
	if size < tarEnd {
		return nil, ErrNoList
	}
	tail := make([]byte, min(size, tarEnd+tarBlock+trailerSize))
	if _, err := a.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return nil, err
	}
	end := bytes.TrimRight(tail, "\x00")
	var begin int64
	if i := len(end) - trailerSize; i < 0 {
		return nil, ErrNoList
	} else if _, err := fmt.Sscanf(string(end[i:]), listTrailer, &begin); err != nil {
		return nil, ErrNoList
	}
	last := size - int64(len(tail)) + int64(len(end)) - trailerSize
	if begin < 0 || begin > last {
		return nil, fmt.Errorf("%w: its list of members begins at byte %d of %d", stream.ErrCorrupt, begin, size)
	}
	var list []Member
	for d := json.NewDecoder(io.NewSectionReader(a, begin, last-begin)); ; {
		var l line
		err := d.Decode(&l)
		if err == io.EOF {
			return list, nil
		}
		if err == nil && (l.Offset < 0 || l.Size < 0 || l.Offset > begin-l.Size) {
			err = fmt.Errorf("member %q is outside of the archive", l.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: list of members: %w", stream.ErrCorrupt, err)
		}
		if l.Raw != nil {
			l.Name = string(l.Raw)
		}
		m := Member{Name: l.Name, Offset: l.Offset, Size: l.Size, Mode: fs.FileMode(l.Mode).Perm()}
		if l.Modified != 0 {
			m.Modified = time.Unix(l.Modified, 0)
		}
		list = append(list, m)
	}
}
