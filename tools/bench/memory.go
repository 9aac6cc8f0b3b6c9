//go:build unix && !386 && !arm

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// childSize in the environment makes the process compress and decompress that many bytes instead.
const childSize = "LMZ_BENCH_MEMORY"

// memory reports the peak resident memory of processes that send 64 MB and 640 MB through a pipe of
// Writer and Reader.
func memory(o *options) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Fprint(o.out, "## Memory\n\nPeak resident memory of a process that compresses to a pipe and decompresses from it by the method lm, with a model in plain Go; 2 workers × 8 lanes on each side.\n\n")
	t := markdown{head: []string{"input, MB", "peak, MB"}}
	for _, mb := range []int{64, 640} {
		o.progress("memory: %d MB", mb)
		c := exec.Command(self)
		c.Env = append(os.Environ(), fmt.Sprintf("%s=%d", childSize, mb*1_000_000))
		c.Stderr = os.Stderr
		if err := c.Run(); err != nil {
			return err
		}
		usage := c.ProcessState.SysUsage().(*syscall.Rusage)
		t.row(fmt.Sprint(mb), fmt.Sprintf("%.0f", float64(usage.Maxrss)*1024/1e6))
	}
	t.print(o.out)
	return nil
}

func memoryChild(size string) error {
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		return err
	}
	return pipe(n)
}

func pipe(n int64) error {
	// Few symbols: the arithmetic of the model in Go is what takes time.
	pieces := [][]byte{nil, []byte("0"), []byte("1"), []byte("2026-11-24T00:00:00Z INFO request served in 12 ms\n")}
	m := fakemodel.New(fakemodel.Options{Pieces: pieces})
	r, w := io.Pipe()
	go func() {
		z, err := stream.NewWriter(w, m, stream.WithMethod(codec.LM), stream.WithWorkers(2))
		if err == nil {
			for left := n; left > 0 && err == nil; left -= int64(len(pieces[3])) {
				_, err = z.Write(pieces[3])
			}
			if e := z.Close(); err == nil {
				err = e
			}
		}
		w.CloseWithError(err)
	}()
	z, err := stream.NewReader(r, func(context.Context, lm.ModelID) (lm.Model, error) { return m, nil }, stream.WithWorkers(2))
	if err != nil {
		return err
	}
	defer z.Close()
	got, err := io.Copy(io.Discard, z)
	if err == nil && got < n {
		err = fmt.Errorf("%d bytes came back of %d", got, n)
	}
	return err
}
