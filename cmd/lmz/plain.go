package main

import (
	"bufio"
	"errors"
	"io"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/internal/format"
)

// openPlain says whether what is in src is no archive, which -dcf writes as it is, and gives all of
// src. An archive whose beginning is damaged has a name, an end, or the rest of its magic that
// tells.
func (c *decompressCommand) openPlain(src *file.Source) (all io.Reader, plain bool, err error) {
	if !c.force || c.isArchive(src.Name) {
		return src, false, nil
	}
	if size := src.Size(); size >= 0 {
		var end [len(format.FooterMagic)]byte
		if _, err := src.ReadAt(end[:], max(0, size-int64(len(end)))); err != nil && !errors.Is(err, io.EOF) {
			return nil, false, err
		}
		if string(end[:]) == format.FooterMagic {
			return src, false, nil
		}
	}
	in := bufio.NewReaderSize(src, 64<<10)
	begin, err := in.Peek(len(format.HeaderMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	alike := 0
	for i, b := range begin {
		if b == format.HeaderMagic[i] {
			alike++
		}
	}
	return in, alike < len(format.HeaderMagic)-1, nil
}
