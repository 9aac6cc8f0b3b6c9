package main

import (
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// feedLog writes about n bytes of a log that does not repeat itself, and closes w.
func feedLog(w io.WriteCloser, n int) {
	defer w.Close()
	block := make([]byte, 0, 1<<16)
	for i := 0; n > 0; i++ {
		block = append(block, "Nov 24 01:47:01 host postgres["...)
		block = strconv.AppendInt(block, int64(i)*7919%65521, 10)
		block = append(block, "]: LOG:  connection from port="...)
		block = strconv.AppendInt(block, int64(i)*104729%60013, 10)
		block = append(block, '\n')
		if len(block) > 1<<16-100 {
			if _, err := w.Write(block); err != nil {
				return
			}
			n -= len(block)
			block = block[:0]
		}
	}
}

// Through pipes, the memory of both directions does not grow with what passes.
func TestPipesTakeBoundedMemory(t *testing.T) {
	dir := t.TempDir()
	pass := func(size int, args ...string) (peak [2]int64) {
		compress, decompress := lmzIn(dir, append(args, "-T2", "--chunk-size", "128KiB")...), lmzIn(dir, "-d", "-T2")
		stdin, err := compress.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		compress.Stdout, decompress.Stdin = w, r
		compress.Stderr, decompress.Stderr = os.Stderr, os.Stderr
		peaks := []func() int64{measured(t, compress), measured(t, decompress)}
		for _, cmd := range []*exec.Cmd{compress, decompress} {
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
		}
		r.Close()
		w.Close()
		go feedLog(stdin, size)
		for i, cmd := range []*exec.Cmd{compress, decompress} {
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
			peak[i] = peaks[i]() >> 10
		}
		return peak
	}
	for name, tt := range map[string]struct {
		args        []string
		small, more int
	}{
		"zstd":     {[]string{"--method", "zstd"}, 1 << 20, 8 << 20},
		"mix":      {[]string{"-1", "--primer-size", "64KiB"}, 256 << 10, 1 << 20},
		"verified": {[]string{"-1", "--primer-size", "64KiB", "--verify"}, 256 << 10, 1 << 20},
	} {
		if torture {
			tt.small, tt.more = 4*tt.small, 8*tt.more
		}
		few, many := pass(tt.small, tt.args...), pass(tt.more, tt.args...)
		t.Logf("%s: %d bytes take %d KiB, %d take %d KiB (compressing, decompressing)", name, tt.small, few, tt.more, many)
		for i, direction := range []string{"compressing", "decompressing"} {
			if many[i] > few[i]*3/2+16<<10 {
				t.Errorf("%s, %s: %d bytes take %d of memory, %d take %d", name, direction, tt.small, few[i]<<10, tt.more, many[i]<<10)
			}
		}
	}
}
