//go:build llama && cgo

package llama

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/lm"
)

func TestFeedsOutOfRange(t *testing.T) {
	m := openSpec(t, small)
	for name, feeds := range map[string][]lm.Feed{
		"lane":       {{Lane: 2, Tokens: []int32{1}}},
		"twice":      {{Lane: 1, Tokens: []int32{1}}, {Lane: 1, Pos: 1, Tokens: []int32{1}}},
		"gap":        {{Lane: 0, Pos: 1, Tokens: []int32{1}}},
		"negative":   {{Lane: 0, Pos: -1, Tokens: []int32{1}}},
		"no tokens":  {{Lane: 0}},
		"window":     {{Lane: 0, Tokens: make([]int32, 9)}},
		"token":      {{Lane: 0, Tokens: []int32{512}}},
		"token -1":   {{Lane: 0, Tokens: []int32{3, -1}}},
		"many lanes": {{Lane: 0, Tokens: []int32{1}}, {Lane: 1, Tokens: []int32{1}}, {Lane: 0, Tokens: []int32{1}}},
	} {
		s := openSession(t, m, exactParams(2, 8))
		if err := s.Decode(context.Background(), feeds); err == nil {
			t.Errorf("%s: no error", name)
		}
		if err := s.Decode(context.Background(), []lm.Feed{{Tokens: []int32{1}}}); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: after it, error is %v", name, err)
		}
	}
	for _, shape := range [][2]int{{0, 8}, {8, 0}, {1 << 20, 8}, {2, 1 << 31}} {
		if _, err := m.NewSession(shape[0], shape[1]); err == nil {
			t.Errorf("a session of %d lanes of %d tokens was made", shape[0], shape[1])
		}
	}
}

func TestFullWindow(t *testing.T) {
	m := openSpec(t, small)
	s := openSession(t, m, exactParams(2, 256))
	feeds := []lm.Feed{{Lane: 0, Tokens: tokensOf(m, 0, 256)}, {Lane: 1, Tokens: tokensOf(m, 1, 256)}}
	for range 3 { // full, and again from the start
		mustDecode(t, s, feeds)
	}
	if got, want := hashRow(s.Logits(1).Float), prefillRows(t, m, 1, 256)[255]; got != want {
		t.Error("the last position of a full window differs")
	}
}

func TestCancel(t *testing.T) {
	m := openSpec(t, small)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := openSession(t, m, exactParams(1, 64))
	if err := s.Decode(ctx, []lm.Feed{{Tokens: []int32{1}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}

	// A flag that is raised while libllama computes stops it.
	s = openSession(t, m, exactParams(1, 64))
	s.abort.flag = 1
	if err := s.Decode(context.Background(), []lm.Feed{{Tokens: []int32{1}}}); err == nil {
		t.Error("a raised flag did not stop libllama")
	}

	// The end of the context raises the flag.
	ctx, cancel = context.WithCancel(context.Background())
	s = openSession(t, m, exactParams(8, 1024))
	feeds := make([]lm.Feed, 8)
	for i := range feeds {
		feeds[i] = lm.Feed{Lane: i, Tokens: tokensOf(m, i, 1024)}
	}
	mustDecode(t, s, feeds[:1])
	done := make(chan error)
	go func() {
		for {
			if err := s.Decode(ctx, feeds); err != nil {
				done <- err
				return
			}
		}
	}()
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Decode goes on after its context ended")
	}
}

// A context may end after each call: the next one has its own.
func TestContextPerCall(t *testing.T) {
	m := openSpec(t, small)
	s := openSession(t, m, exactParams(1, 64))
	tokens, want := tokensOf(m, 0, 20), prefillRows(t, m, 0, 20)
	for i := range tokens {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Decode(ctx, []lm.Feed{{Pos: i, Tokens: tokens[i : i+1]}})
		cancel()
		if err != nil {
			t.Fatalf("call %d, whose context has not ended: %v", i, err)
		}
		if n := atomic.LoadInt32(&s.abort.flag); n != 0 {
			t.Fatalf("call %d leaves its flag raised", i)
		}
		if hashRow(s.Logits(0).Float) != want[i] {
			t.Fatalf("call %d: logits differ", i)
		}
		runtime.Gosched() // whatever the end of the context sets off comes now, if at all
		time.Sleep(time.Millisecond)
	}
}

func TestCloseOrder(t *testing.T) {
	before := live.Load()
	m := openSpec(t, small)
	s, err := m.NewSession(1, 64)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("second Close of the model: %v", err)
	}
	if _, err := m.NewSession(1, 64); !errors.Is(err, ErrClosed) {
		t.Errorf("session of a closed model: %v", err)
	}
	if _, err := m.Tokenize([]byte("a")); !errors.Is(err, ErrClosed) {
		t.Errorf("Tokenize of a closed model: %v", err)
	}
	if err := s.Decode(context.Background(), []lm.Feed{{Tokens: []int32{1}}}); err != nil {
		t.Errorf("session that outlives its model: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("second Close of the session: %v", err)
	}
	if err := s.Decode(context.Background(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Decode of a closed session: %v", err)
	}
	if n := live.Load(); n != before {
		t.Errorf("%d C objects are left", n-before)
	}
}

func TestDroppedObjectsAreFreed(t *testing.T) {
	before := live.Load()
	func() {
		m := openSpec(&dropper{TB: t}, small)
		if _, err := m.NewSession(1, 64); err != nil {
			t.Fatal(err)
		}
		if live.Load() != before+2 {
			t.Fatalf("%d C objects, want 2 more than %d", live.Load(), before)
		}
	}()
	for deadline := time.Now().Add(20 * time.Second); live.Load() != before && time.Now().Before(deadline); {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	if n := live.Load(); n != before {
		t.Errorf("%d C objects are left", n-before)
	}
}

// dropper forgets what shall be cleaned up.
type dropper struct{ testing.TB }

func (*dropper) Cleanup(func()) {}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	SetLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})))
	openSpec(t, small)
	SetLogger(nil)
	if !strings.Contains(out.String(), "level=INFO") || strings.Contains(out.String(), "level=DEBUG") {
		t.Errorf("log at level info:\n%s", out.String())
	}
	n := out.Len()
	openSpec(t, small)
	if out.Len() != n {
		t.Error("the log goes on after SetLogger(nil)")
	}
}

// What libllama says of a model may quote it: a terminal must not be told what to do by it.
func TestMessagesAreShownQuoted(t *testing.T) {
	const evil = "evil\x1b[2J\x1b]0;title\a\u202e name\nof two lines"
	set := func(key string, value any) []byte {
		f := gguftest.New(small)
		f.Set(key, value)
		return f.Bytes()
	}
	rename := gguftest.New(small)
	rename.Tensors[len(rename.Tensors)-1].Name = evil
	for name, data := range map[string][]byte{
		"architecture":        set("general.architecture", evil),
		"pre-tokenizer":       set("tokenizer.ggml.pre", evil),
		"tokenizer":           set("tokenizer.ggml.model", evil),
		"rope scaling":        set("llama.rope.scaling.type", evil),
		"number":              set("llama.context_length", evil),
		"epsilon":             set("llama.attention.layer_norm_rms_epsilon", evil),
		"array":               set("tokenizer.ggml.scores", evil),
		"alignment":           set("general.alignment", evil),
		"name of a tensor":    rename.Bytes(),
		"a long text":         set("tokenizer.ggml.pre", strings.Repeat("long", 1<<16)),
		"name and a bad file": append(set("general.name", evil), 0)[:2000],
	} {
		var out bytes.Buffer
		SetLogger(slog.New(slog.NewJSONHandler(&out, nil)))
		m, err := OpenBytes(t.Context(), data, "")
		SetLogger(nil)
		if err == nil {
			m.Close()
			t.Errorf("%s: it was opened", name)
			continue
		}
		for _, line := range append(strings.Split(strings.TrimSpace(out.String()), "\n"), err.Error()) {
			var record struct{ Msg string }
			if json.Unmarshal([]byte(line), &record) == nil {
				line = record.Msg
			}
			if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("%s: %q", name, line)
			}
			if len(line) > 2000 {
				t.Errorf("%s: a line of %d bytes", name, len(line))
			}
		}
	}
	path := filepath.Join(t.TempDir(), "evil\x1b[2J.gguf")
	if err := os.WriteFile(path, []byte("GGUF"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, ""); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err)
	}
}
