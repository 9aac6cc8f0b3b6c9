package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	testTime   = 3 * time.Minute // of one package's tests: a change that makes them hang is noticed
	testMemory = 8 << 20         // KiB of addresses, against changes that allocate without end
)

// test runs the tests that must notice the change and says which do: "" for none.
func (m *mutant) test(ctx context.Context) (by string, err error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	path, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	changed := string(m.src[:m.from]) + m.new + string(m.src[m.from+len(m.old):])
	replaced := filepath.Join(dir, filepath.Base(m.file))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: replaced}})
	if err == nil {
		err = os.WriteFile(replaced, []byte(changed), 0o666)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o666)
	}
	if err != nil {
		return "", err
	}
	for _, t := range m.target.tests {
		if err := t.passesUnchanged(ctx); err != nil {
			return "", err
		}
		out, failed := t.start(ctx, dir, "-overlay", filepath.Join(dir, "overlay.json"))
		if err := context.Cause(ctx); err != nil {
			return "", err
		}
		if failed != nil {
			return t.dir + firstFailure(out), nil
		}
	}
	return "", nil
}

// start runs the tests with files of their own in dir.
func (t test) start(ctx context.Context, dir string, args ...string) (out string, err error) {
	ctx, cancel := context.WithTimeout(ctx, testTime+time.Minute)
	defer cancel()
	args = append([]string{"-c", fmt.Sprintf(`ulimit -v %d 2>/dev/null; exec go test "$@"`, testMemory), "sh",
		"-vet=off", "-count=1", "-failfast", "-p=1", "-timeout", testTime.String(), "-run", t.run}, args...)
	c := exec.CommandContext(ctx, "sh", append(args, "./"+t.dir)...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOMAXPROCS=2", "GOTMPDIR="+dir)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	b, err := c.CombinedOutput()
	return string(b), err
}

// firstFailure says what went wrong first.
func firstFailure(out string) string {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		for _, mark := range []string{"--- FAIL: ", "panic: ", "[build failed]", "SIGKILL"} {
			if at := strings.Index(line, mark); at >= 0 {
				return " (" + strings.TrimSpace(strings.TrimPrefix(line[at:], "--- FAIL: ")) + ")"
			}
		}
	}
	return ""
}

var passes sync.Map // of test: a func() error

// passesUnchanged returns an error if the tests fail where nothing is changed. They are run when
// they are first needed.
func (t test) passesUnchanged(ctx context.Context) error {
	once, _ := passes.LoadOrStore(t, sync.OnceValue(func() error {
		start := time.Now()
		out, err := t.start(ctx, os.TempDir())
		if err != nil {
			return errors.Join(fmt.Errorf("tests of %s fail where nothing is changed: %w", t.dir, err), errors.New(out))
		}
		fmt.Printf("unchanged: %s -run %q: %.1fs\n", t.dir, t.run, time.Since(start).Seconds())
		return nil
	}))
	return once.(func() error)()
}
