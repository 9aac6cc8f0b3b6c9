//go:build unix && !386 && !arm

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// compress gives the archive of data.
func compress(data []byte, m lm.Model, opts ...stream.WriterOption) ([]byte, error) {
	var archive bytes.Buffer
	z, err := stream.NewWriter(&archive, m, opts...)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		z.Close()
		return nil, err
	}
	err = z.Close()
	return archive.Bytes(), err
}

// decompress reads an archive of want; m may be nil.
func decompress(archive []byte, m lm.Model, want []byte, opts ...stream.ReaderOption) error {
	source := func(context.Context, lm.ModelID) (lm.Model, error) {
		if m == nil {
			return nil, codec.ErrNoModel
		}
		return m, nil
	}
	z, err := stream.NewReader(bytes.NewReader(archive), source, opts...)
	if err != nil {
		return err
	}
	defer z.Close()
	got := bytes.NewBuffer(make([]byte, 0, len(want)+bytes.MinRead))
	if _, err := io.Copy(got, z); err != nil {
		return err
	}
	if !bytes.Equal(got.Bytes(), want) {
		return fmt.Errorf("the archive decodes to other bytes")
	}
	return nil
}
