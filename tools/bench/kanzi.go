//go:build unix && !386 && !arm

package main

import (
	"bytes"
	"fmt"
	"io"
	"time"

	kanzi "github.com/flanglet/kanzi-go/v2/io" // needs int of 64 bits, and so does this program

	"github.com/lmz-go/lmz/tools/internal/cpu"
)

// kanziLevel is what kanzi's command makes of one of its levels; only the command knows them.
type kanziLevel struct {
	name, transform, entropy string
	block                    uint // bytes
}

var kanziLevels = []kanziLevel{
	{kanzi8, "EXE+RLT+TEXT+UTF+DNA", "TPAQ", 16 << 20},
	{kanzi9, "EXE+RLT+TEXT+UTF+DNA", "TPAQX", 32 << 20},
}

// time compresses data and decompresses it with one job.
func (k kanziLevel) time(data []byte) (compressed, decompressed time.Duration, size int64, err error) {
	var archive []byte
	compressed, err = cpu.Time(func() error {
		archive, err = k.compress(data)
		return err
	})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("%s: %w", k.name, err)
	}
	decompressed, err = cpu.Time(func() error {
		r, err := kanzi.NewReader(io.NopCloser(bytes.NewReader(archive)), 1)
		if err != nil {
			return err
		}
		defer r.Close()
		got, err := io.ReadAll(r)
		if err == nil && !bytes.Equal(got, data) {
			err = fmt.Errorf("%s gave other bytes back", k.name)
		}
		return err
	})
	return compressed, decompressed, int64(len(archive)), err
}

func (k kanziLevel) compress(data []byte) ([]byte, error) {
	var archive bytes.Buffer
	w, err := kanzi.NewWriter(nopCloser{&archive}, k.transform, k.entropy, k.block, 1, 0, int64(len(data)), false)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
