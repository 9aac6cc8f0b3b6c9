//go:build unix && !386 && !arm

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
)

// gpuClass makes this program a child that measures in the class of a GPU that it names: a process
// computes in one class.
const gpuClass = "LMZ_BENCH_GPU"

// gpuSpeed is the speed of the method lm on a GPU by the lanes of the class, each of which has a
// chunk, with one worker. Two processes must write the same.
func gpuSpeed(o *options) error {
	devices := llama.Devices(o.device)
	if len(devices) == 0 {
		return fmt.Errorf("no GPU has %q in its name: see lmz --device list", o.device)
	}
	fmt.Fprintf(o.out, "## Speed of the method lm on a GPU\n\n%s (%s), model %s, chunks of %d bytes, one a lane; one worker. By the clock, without opening and checking the model; the two processes write the same bytes.\n\n",
		devices[0].Description, devices[0].Backend, o.model, o.chunk)
	t := markdown{head: []string{"lanes", "bits per byte", "compress, KB/s", "decompress, KB/s", "again, in another process: compress", "decompress"}}
	for _, lanes := range o.lanes {
		class := devices[0].Class(lanes)
		var row []string
		var sum string
		for range 2 {
			out, err := gpuProcess(o, class)
			if err != nil {
				return fmt.Errorf("%s: %w", class, err)
			}
			if sum != "" && sum != out[0] {
				return fmt.Errorf("%s: two processes write archives with SHA-256 %s and %s", class, sum, out[0])
			}
			if sum == "" {
				row = append(row, fmt.Sprint(lanes), out[1])
			}
			sum = out[0]
			row = append(row, out[2], out[3])
		}
		o.progress("%s: archive %s, %s", class, sum[:16], strings.Join(row[1:], ", "))
		t.row(row...)
	}
	t.print(o.out)
	return nil
}

// gpuProcess measures in a process of its own: the archive's SHA-256, bits per byte, and both
// speeds.
func gpuProcess(o *options, class string) ([]string, error) {
	c := exec.Command(os.Args[0], "-data", o.data, "-model", o.model, "-chunk", fmt.Sprint(o.chunk), "gpu")
	c.Env = append(os.Environ(), gpuClass+"="+class)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if fields := strings.Fields(string(out)); err == nil && len(fields) == 4 {
		return fields, nil
	}
	return nil, fmt.Errorf("%v: %s", err, out)
}

func gpuChild(o *options, class string) error {
	ctx := context.Background()
	store := models.NewStore(models.Options{Embedded: embedded.Models(), Path: append(models.SearchPath(), o.model)})
	defer store.Close()
	m, err := store.Open(ctx, o.model, class)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(o.data, "text/alice29.txt"))
	if err != nil {
		return err
	}
	lanes := m.(lm.Fixed).Lanes()
	text = bytes.Repeat(text, 1+lanes*o.chunk/len(text))[:lanes*o.chunk]

	var archive bytes.Buffer
	w, err := stream.NewWriter(&archive, m, stream.WithMethod(codec.LM), stream.WithChunkSize(o.chunk), stream.WithWorkers(1))
	if err != nil {
		return err
	}
	start := time.Now()
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	compress := time.Since(start)
	sum := sha256.Sum256(archive.Bytes())
	bits := 8 * float64(archive.Len()) / float64(len(text))

	r, err := stream.NewReader(&archive, store.Model, stream.WithWorkers(1))
	if err != nil {
		return err
	}
	defer r.Close()
	start = time.Now()
	got, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	decompress := time.Since(start)
	if !bytes.Equal(got, text) {
		return fmt.Errorf("the archive decodes to other bytes")
	}
	speed := func(d time.Duration) float64 { return float64(len(text)) / 1e3 / d.Seconds() }
	fmt.Fprintln(o.out, hex.EncodeToString(sum[:]), fmt.Sprintf("%.3f %.2f %.2f", bits, speed(compress), speed(decompress)))
	return nil
}
