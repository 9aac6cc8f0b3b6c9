package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/finetune"
	"github.com/lmz-go/lmz/internal/train"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
)

// The race detector lets each process sleep for a second before it exits, unless told otherwise.
const gorace = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	os.Setenv("GORACE", gorace)
	lmz := func() {
		code := run(os.Args, backend())
		reportPeak()
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"lmz": lmz, "unlmz": lmz, "lmzcat": lmz, "lmzgrep": lmz})
}

// backend is what the command under test opens models with: a fake one unless LMZ_TEST_ENGINES is
// set.
func backend() models.Backend {
	if os.Getenv("LMZ_TEST_ENGINES") != "" {
		return nil
	}
	return fakeBackend{}
}

// fakeBackend makes a model of any file: its seed comes from the hash. LMZ_TEST_FAIL_AT and
// LMZ_TEST_DRIFT are options of the fake model; from session number LMZ_TEST_FLAKY on it computes
// something else. With LMZ_TEST_NO_OPEN no model can be opened; LMZ_TEST_NAME is what it is called.
type fakeBackend struct{}

type fakeModel struct {
	*fakemodel.Model
	id       lm.ModelID
	sessions atomic.Int64
	flaky    int64
	drifted  *fakemodel.Model
}

func (m *fakeModel) ID() lm.ModelID { return m.id }

func (m *fakeModel) NewSession(lanes, window int) (lm.Session, error) {
	if n := m.sessions.Add(1); m.flaky > 0 && n >= m.flaky {
		return m.drifted.NewSession(lanes, window)
	}
	return m.Model.NewSession(lanes, window)
}

func (m *fakeModel) Close() error {
	if n := m.OpenSessions() + m.drifted.OpenSessions(); n > 0 {
		return errors.New("fake model closed with open sessions: " + strconv.Itoa(n))
	}
	return nil
}

func (fakeBackend) OpenFile(ctx context.Context, path, class string) (models.Opened, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return fakeBackend{}.OpenBytes(ctx, b, class)
}

func (fakeBackend) OpenBytes(_ context.Context, gguf []byte, class string) (models.Opened, error) {
	if os.Getenv("LMZ_TEST_NO_OPEN") != "" {
		return nil, errors.New("no plug-in")
	}
	sum := sha256.Sum256(gguf)
	setting := func(name string) int {
		n, _ := strconv.Atoi(os.Getenv(name))
		return n
	}
	o := fakemodel.Options{
		Seed: uint64(sum[0]), Class: class, FailAt: setting("LMZ_TEST_FAIL_AT"), Drift: uint64(setting("LMZ_TEST_DRIFT")),
	}
	m := &fakeModel{Model: fakemodel.New(o), flaky: int64(setting("LMZ_TEST_FLAKY"))}
	name := "fake"
	if other := os.Getenv("LMZ_TEST_NAME"); other != "" {
		name = other
	}
	m.id = lm.ModelID{SHA256: sum, Name: name, Class: m.Model.ID().Class}
	o.Drift++
	m.drifted = fakemodel.New(o)
	return m, nil
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, ".home")
			env.Setenv("HOME", home)
			for _, name := range []string{"XDG_DATA_HOME", "XDG_CACHE_HOME", models.PathVariable} {
				env.Setenv(name, "")
			}
			repo, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			env.Setenv("REPO", repo)
			env.Setenv("TERM", "xterm")
			env.Setenv("GORACE", gorace)
			return os.MkdirAll(home, 0o777)
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "llama":
				_, err := llama.LoadBackend("")
				return !errors.Is(err, llama.ErrNotBuilt), nil
			case "cgo":
				m, err := train.New(train.Config{Vocab: 32, Width: 32, Layers: 1, Heads: 1, KVHeads: 1, FFN: 32, Context: 32}, 1)
				if err != nil {
					return false, err
				}
				return !errors.Is(finetune.Supported(m, finetune.Options{}), train.ErrNotBuilt), nil
			case "avx2":
				return slices.Contains(llama.Classes(), cond), nil
			case "root":
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": cmdExits,
			"pty":   cmdPty,
		},
	})
}

// cmdExits runs a command that must end with this exit code: exits CODE COMMAND ARG...
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil || neg {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	got := exitCode(ts, ts.Exec(args[1], args[2:]...))
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if err == nil {
		return 0
	}
	return exit.ExitCode()
}

// cmdPty runs a command on a pseudo-terminal and leaves what appeared on it in the file pty: pty
// STREAMS[:LINE,...] COMMAND ARG...; STREAMS is some of 0, 1 and 2, the files that are the
// terminal. The others are empty, or discarded. The LINEs are typed there.
func cmdPty(ts *testscript.TestScript, neg bool, args []string) {
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = os.Environ()
	for _, name := range []string{"HOME", "TERM", models.PathVariable} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	streams, typed, _ := strings.Cut(args[0], ":")
	control, tty, err := pty.Open()
	ts.Check(err)
	defer control.Close()
	ts.Check(pty.Setsize(control, &pty.Winsize{Rows: 24, Cols: 120}))
	if strings.Contains(streams, "0") {
		cmd.Stdin = tty
	}
	if strings.Contains(streams, "1") {
		cmd.Stdout = tty
	}
	if strings.Contains(streams, "2") {
		cmd.Stderr = tty
	}
	ts.Check(cmd.Start())
	tty.Close()
	if typed != "" {
		_, err := io.WriteString(control, strings.ReplaceAll(typed, ",", "\n")+"\n")
		ts.Check(err)
	}
	var screen bytes.Buffer
	io.Copy(&screen, control) // ends with EIO when the command closes the terminal
	err = cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("pty"), screen.Bytes(), 0o666))
	ts.Logf("[pty] %q", screen.String())
	if code := exitCode(ts, err); (code != 0) != neg {
		ts.Fatalf("exit code %d", code)
	}
}
