//go:build unix && !386 && !arm

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// corpusFolder writes two logs, a picture and what other compressors made of them.
func corpusFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	var log bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&log, "%06d worker %d: served in %d ms\n", i, random.IntN(8), random.IntN(100))
	}
	picture := make([]byte, 5000)
	for i := range picture {
		picture[i] = byte(random.Uint32())
	}
	for name, b := range map[string][]byte{
		"logs/long.log": log.Bytes(), "loghub-2k/short.log": log.Bytes()[:5000], "binary/picture": picture,
		"baselines.tsv": fmt.Appendf(nil, "path\tbytes\t%s\t%s\nlogs/long.log\t%d\t20000\t10000\nloghub-2k/short.log\t5000\t2000\t1000\nbinary/picture\t5000\t5009\t5100\n",
			zstd22, zpaq5, log.Len()),
		"strong.tsv": []byte("path\tbytes\t" + paq8 + "\nloghub-2k/short.log\t5000\t900\n"),
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// cells finds the row of a Markdown table that begins with name.
func cells(t *testing.T, markdown, name string) []string {
	t.Helper()
	for line := range strings.Lines(markdown) {
		c := strings.Split(strings.Trim(line, "| \n"), " | ")
		if c[0] == name {
			return c[1:]
		}
	}
	t.Fatalf("no row %q in\n%s", name, markdown)
	return nil
}

func TestSizes(t *testing.T) {
	var out strings.Builder
	o := &options{data: corpusFolder(t), presets: []int{1}, out: &out}
	if err := sizes(o); err != nil {
		t.Fatal(err)
	}
	size := func(name string) int64 {
		data, err := os.ReadFile(filepath.Join(o.data, name))
		if err != nil {
			t.Fatal(err)
		}
		archive, err := compress(data, nil, stream.WithLevel(1), stream.WithWorkers(2))
		if err != nil {
			t.Fatal(err)
		}
		return int64(len(archive))
	}
	long, short, picture := size("logs/long.log"), size("loghub-2k/short.log"), size("binary/picture")
	for _, tt := range []struct {
		row                 string
		size, paq, zpaqSize int64
	}{
		{"logs/long.log", long, 0, 10000},
		{"loghub-2k/short.log", short, 900, 1000},
		{"binary/picture", picture, 0, 5100},
		{"**logs/ and loghub-2k/** (2)", long + short, 0, 11000},
	} {
		c := cells(t, out.String(), tt.row)
		want := []string{grouped(tt.size), grouped(tt.zpaqSize), grouped(tt.paq), fmt.Sprintf("%.3f", float64(tt.size)/float64(tt.zpaqSize))}
		if got := []string{c[1], c[5], c[8], c[9]}; strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("%s: %q, want %q", tt.row, got, want)
		}
	}
	if want := fmt.Sprintf("at worst %.3f of the better of zstd and zpaq (picture)", float64(picture)/5009); !strings.Contains(out.String(), want) {
		t.Errorf("no %q in\n%s", want, out.String())
	}
}

// TestKanzi: its levels compress, and give the bytes back.
func TestKanzi(t *testing.T) {
	data := bytes.Repeat([]byte("the session of user 17 was closed\n"), 3000)
	for _, k := range kanziLevels {
		_, _, size, err := k.time(data)
		if err != nil || size == 0 || size > int64(len(data))/10 {
			t.Errorf("%s: %d bytes: %v", k.name, size, err)
		}
	}
}

func TestChunks(t *testing.T) {
	var out strings.Builder
	if err := chunks(&options{data: corpusFolder(t), out: &out}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "long.log") {
		t.Error("a file below 2 MB counts")
	}
}

func TestCorpusMismatch(t *testing.T) {
	o := &options{data: corpusFolder(t), files: "logs/"}
	files, err := corpus(o)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if err := os.Truncate(filepath.Join(o.data, "logs/long.log"), 10); err != nil {
		t.Fatal(err)
	}
	if _, err := files[0].read(o, 0); err == nil {
		t.Error("a file of another size than that of baselines.tsv is measured")
	}
	o.files = "nothing/"
	if _, err := corpus(o); err == nil {
		t.Error("no file, and no error")
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: none, 7: "7", 999: "999", 1000: "1 000", 1234567: "1 234 567"} {
		if got := strings.ReplaceAll(grouped(n), "\u00a0", " "); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// counter counts the tokens that sessions are fed.
type counter struct {
	lm.Model
	fed int
}

type countingSession struct {
	lm.Session
	c *counter
}

func (c *counter) NewSession(lanes, window int) (lm.Session, error) {
	s, err := c.Model.NewSession(lanes, window)
	return &countingSession{s, c}, err
}

func (s *countingSession) Decode(ctx context.Context, feeds []lm.Feed) error {
	for _, f := range feeds {
		s.c.fed += len(f.Tokens)
	}
	return s.Session.Decode(ctx, feeds)
}

// The bare loop must be fed as many tokens as the method lm, or its speed says nothing about that
// of lm.
func TestFedWindows(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	vocab, err := coder.NewVocabulary(m)
	if err != nil {
		t.Fatal(err)
	}
	policy := kvcache.Policy{Reset: kvcache.Overlap, Window: 64, Overlap: 16}
	for _, n := range []int{1, 50, 64, 65, 700} {
		chunk := bytes.Repeat([]byte("request 17 served\n"), n)[:n]
		windows, err := fedWindows(vocab, policy, m.BOS(), chunk)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for i, w := range windows {
			want += len(w)
			if i+1 < len(windows) && len(w) != policy.Window || w[0] != m.BOS() {
				t.Errorf("%d bytes: window %d has %d tokens, the first %d", n, i, len(w), w[0])
			}
		}
		// Without the writer, which also probes the model.
		c := &counter{Model: m}
		w, err := coder.NewWorker(c, 1, policy.Window)
		if err != nil {
			t.Fatal(err)
		}
		done := false
		err = w.Run(context.Background(), func(bool) (func(*coder.Lane) error, bool) {
			if done {
				return nil, false
			}
			done = true
			return func(l *coder.Lane) error {
				coding, err := coder.New(codec.LM, l, coder.Params{Window: policy})
				if err == nil {
					_, err = coding.Encode(nil, chunk)
				}
				return err
			}, true
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.fed != want {
			t.Errorf("%d bytes: the method lm feeds %d tokens, the bare loop %d", n, c.fed, want)
		}
	}
}
