package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"regexp"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/remote"
	"github.com/lmz-go/lmz/internal/timestamp"
	"github.com/lmz-go/lmz/stream"
)

// What files of other programs begin with.
const (
	gzipMagic = "\x1f\x8b"
	zstdMagic = "\x28\xb5\x2f\xfd"
	xzMagic   = "\xfd7zXZ\x00"
)

// unread are what the first bytes of other compressed files, as many as xzMagic has, begin and end
// with, and what decompresses them.
var unread = []struct{ begin, end, name, command string }{
	{"BZh", "1A", "bzip2", "bzip2 -dc"},
	{"\x04\x22\x4d\x18", "", "lz4", "lz4 -dc"},
	{"\x02\x21\x4c\x18", "", "lz4", "lz4 -dc"},
	{"LZIP\x01", "", "lzip", "lzip -dc"},
	{"\x89LZO\x00\r", "", "lzop", "lzop -dc"},
	{"\x1f\x9d", "", "compress", "gzip -dc"},
	{"PK\x03\x04", "", "zip", "unzip -p"},
	{"7z\xbc\xaf\x27\x1c", "", "7z", "7z x -so"},
	{"Rar!\x1a\x07", "", "rar", "unrar p -inul"},
}

// plainName is a name that a shell takes as it is. Like all expressions of lmz it is made when it is
// needed, which is hardly ever.
var plainName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\pL\pN_./][\pL\pN_./:@%,+=-]*$`)
})

// tellUnread says of the first file of each kind that what is compressed in it is not searched.
func (c *grepCommand) tellUnread(name string, head []byte) {
	for _, u := range unread {
		if c.noMessages || c.told[u.name] || !bytes.HasPrefix(head, []byte(u.begin)) || !bytes.HasSuffix(head, []byte(u.end)) {
			continue
		}
		c.told[u.name] = true
		in := "FILE"
		if plainName().MatchString(name) && !remote.IsURL(name) {
			in = name
		}
		c.ui.Warning(u.command+" "+in+" | lmz grep ... searches what is in it", "%s: compressed by %s, searched as it is", ui.Input(name), u.name)
	}
}

// beginsArchive says whether a regular file begins as an archive does.
func beginsArchive(src *file.Source) bool {
	var head [len(format.HeaderMagic)]byte
	n, _ := src.ReadAt(head[:], 0)
	return string(head[:n]) == format.HeaderMagic
}

// openText gives the text of what is no archive that can be read anywhere in: of an archive that
// comes through a pipe, of what gzip, zstd or xz have made, and of all else as it is.
func (c *grepCommand) openText(ctx context.Context, name string, in *bufio.Reader) (text io.Reader, close func(), err error) {
	head, err := in.Peek(len(xzMagic))
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	begins := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	nothing := func() {}
	switch {
	case begins(format.HeaderMagic):
		z, err := stream.NewReader(in, c.findModel, c.options(ctx, func(damage error) { c.repaired(name, damage) })...)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { z.Close() }, nil
	case begins(gzipMagic):
		z, err := gzip.NewReader(in)
		return z, nothing, err
	case begins(zstdMagic):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	case begins(xzMagic):
		z, err := xz.NewReader(in)
		return z, nothing, err
	}
	c.tellUnread(name, head)
	return in, nothing, nil
}

// searchText does with a text what stream.Archive.Search does with an archive.
func searchText(ctx context.Context, text io.Reader, s stream.Search) (found stream.Found, err error) {
	inSpan, err := inSpan(s.Span)
	if err != nil {
		return found, err
	}
	in := bufio.NewReaderSize(text, 256<<10)
	tell := s.Found
	if tell == nil {
		tell, s.Before, s.After = func(stream.Line) error { return nil }, 0, 0
	}
	var before []stream.Line // the last ones that Found was not told of, at most s.Before
	due := int64(0)          // lines from here on that Found is to be told of
	number, offset := int64(1), int64(0)
	for enough := false; !enough || due > 0; number++ {
		text, err := readLine(in)
		if len(text) == 0 {
			if err == io.EOF {
				err = nil
			}
			return found, err
		}
		line := stream.Line{Number: number, Offset: offset, Text: bytes.TrimSuffix(text, []byte{'\n'}), Context: true}
		offset += int64(len(text))
		if !enough && inSpan(line.Text) {
			matches, err := s.Pattern.MatchContext(ctx, line.Text)
			if err != nil {
				return found, err
			}
			line.Context = matches == s.Invert
		}
		switch {
		case !line.Context:
			for _, l := range before {
				if err := tell(l); err != nil {
					return found, err
				}
			}
			before, due = before[:0], s.After+1
			found.Lines++
			enough = found.Lines == s.Max
		case due == 0 && s.Before > 0:
			line.Text = bytes.Clone(line.Text)
			if int64(len(before)) == s.Before {
				before = before[1:]
			}
			before = append(before, line)
		}
		if due > 0 {
			due--
			if err := tell(line); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// inSpan gives what says of one line after the other whether it is of the time s.
func inSpan(s *stream.TimeSpan) (func(line []byte) bool, error) {
	if s == nil {
		return func([]byte) bool { return true }, nil
	}
	finder, err := timestamp.NewFinder(s.Format)
	span := timestamp.NewSpan(s.Since, s.Until, s.Written)
	within := span.First() == timestamp.Within
	return func(line []byte) bool {
		if t, ok := finder.Find(line); ok {
			within = span.Contains(t)
		}
		return within
	}, err
}

// readLine gives the next line with its end, if it has one: valid until the next call.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	long := bytes.Clone(line)
	for err == bufio.ErrBufferFull {
		line, err = in.ReadSlice('\n')
		long = append(long, line...)
	}
	return long, err
}
