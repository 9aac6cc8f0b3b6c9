//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

// childJob in the environment makes the process do a job instead, so that time and memory are those
// of one direction of one method: it filters standard input to standard output.
const childJob = "LMZ_STUDY_CHILD"

// job is an archive that is written, or read.
type job struct {
	Decompress bool
	Method     codec.Method
	Level      int
	Model      string // empty: none
}

// runChild does the job of a child process, if this is one.
func runChild() bool {
	text := os.Getenv(childJob)
	if text == "" {
		return false
	}
	var j job
	err := json.Unmarshal([]byte(text), &j)
	if err == nil {
		err = j.run(context.Background())
	}
	if err == nil {
		_, err = fmt.Fprint(os.NewFile(peakPipe, "peak"), peakMemory())
	}
	exit(err)
	return true
}

// peakPipe is the descriptor to which a child writes the most memory that it had.
const peakPipe = 3

// peakMemory is the most memory that this process had, in bytes. What the system says of a child
// counts the memory of the process that started it, before it became another program.
func peakMemory() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}

func (j job) run(ctx context.Context) error {
	store := models.NewStore(models.Options{Embedded: embedded.Models()})
	defer store.Close()
	if j.Decompress {
		z, err := stream.NewReader(os.Stdin, store.Model, stream.WithWorkers(1))
		if err != nil {
			return err
		}
		defer z.Close()
		_, err = io.Copy(os.Stdout, z)
		return err
	}
	var m lm.Model
	if j.Model != "" {
		var err error
		if m, err = store.Open(ctx, j.Model, ""); err != nil {
			return err
		}
	}
	opts := []stream.WriterOption{stream.WithMethod(j.Method), stream.WithWorkers(1)}
	if j.Method == codec.Mix {
		opts = append(opts, stream.WithLevel(j.Level))
	}
	z, err := stream.NewWriter(os.Stdout, m, opts...)
	if err != nil {
		return err
	}
	_, err = io.Copy(z, os.Stdin)
	if closed := z.Close(); err == nil {
		err = closed
	}
	return err
}

// taken is what a process took.
type taken struct {
	cpu, clock time.Duration
	memory     int64 // bytes, at most at once; 0: not known
}

// runJob does a job in a process of its own.
func (s *study) runJob(j job, in []byte) (out []byte, t taken, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, t, err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, t, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, t, err
	}
	defer r.Close()
	c := exec.CommandContext(s.ctx, self)
	c.Env, c.ExtraFiles = append(os.Environ(), childJob+"="+string(text)), []*os.File{w}
	out, t, err = timed(c, in)
	w.Close()
	if err == nil {
		_, err = fmt.Fscan(r, &t.memory)
	}
	return out, t, err
}

// timed runs a command that filters its input.
func timed(c *exec.Cmd, in []byte) (out []byte, t taken, err error) {
	var result, why bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(in), &result, &why
	start := time.Now()
	if err := c.Run(); err != nil {
		return nil, t, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, why.Bytes())
	}
	return result.Bytes(), taken{cpu: cpu.Used(c.ProcessState.SysUsage().(*syscall.Rusage)), clock: time.Since(start)}, nil
}

// peakFlags make GNU's program time write the peak memory of a command in KiB, to the file that
// follows them.
var peakFlags = []string{"-q", "-f", "%M", "-o"}

// gnuTime is where GNU's program time is; empty: nowhere.
var gnuTime = sync.OnceValue(func() string {
	program, err := exec.LookPath("time")
	if err != nil || exec.Command(program, append(slices.Clone(peakFlags), os.DevNull, "true")...).Run() != nil {
		return ""
	}
	return program
})

// timedWithPeak is timed for programs of others, of which GNU's program time tells the peak memory,
// where it is there.
func timedWithPeak(c *exec.Cmd, in []byte) (out []byte, t taken, err error) {
	program := gnuTime()
	if program == "" {
		return timed(c, in)
	}
	peak, err := os.CreateTemp("", "study-peak-")
	if err != nil {
		return nil, t, err
	}
	defer os.Remove(peak.Name())
	defer peak.Close()
	c.Path, c.Args = program, slices.Concat([]string{program}, peakFlags, []string{peak.Name()}, c.Args)
	out, t, err = timed(c, in)
	if err == nil {
		_, err = fmt.Fscan(peak, &t.memory)
		t.memory <<= 10
	}
	return out, t, err
}
