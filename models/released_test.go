package models_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
)

// golden is an archive in testdata that a released model was used for.
type golden struct {
	model         models.Released
	method, class string
}

func (g golden) file() string {
	return filepath.Join("testdata", g.model.Name+"-"+g.method+"-"+g.class+".lmz")
}

// modelFile is where a released model is: with those that are embedded, or in a folder of its own.
func modelFile(r models.Released) string {
	if r.Name == "large" {
		return filepath.Join(r.Name, r.File)
	}
	return filepath.Join("embedded", r.File)
}

// left says whether the model was left out: the module of the library does not have large, which
// comes with a checkout.
func left(r models.Released) bool {
	if _, err := os.Stat(modelFile(r)); err == nil || r.Name != "large" {
		return false
	}
	_, err := os.Stat("../.git")
	return err != nil
}

func goldens() (all []golden) {
	for _, r := range models.ReleasedModels() {
		if r.Name == "large" { // which is slow, above all where CI emulates processors
			all = append(all, golden{r, "lm", exact.Class})
			continue
		}
		for _, class := range []string{exact.Class, "sse42", "avx2", "avx512"} {
			all = append(all, golden{r, "lm", class})
		}
		// What the mixer makes of a model's numbers does not depend on who computed them.
		all = append(all, golden{r, "mix", exact.Class}, golden{r, "mix", "avx2"})
		// Package brotli has those of rank-brotli.
		all = append(all, golden{r, "rank-gzip", exact.Class}, golden{r, "rank-huffman", exact.Class})
		all = append(all, golden{r, "lm", "dotprod"}) // scripts/test-arm64 emulates it: minutes
	}
	return all
}

// Every model file here is released as its line in the table says, and has a card that says the
// same; and nothing else has a line. For ever: archives name these files.
func TestReleased(t *testing.T) {
	var files, cards, wantFiles, wantCards []string
	for _, r := range models.ReleasedModels() {
		wantCards = append(wantCards, r.Name+".md")
		if left(r) {
			continue
		}
		wantFiles = append(wantFiles, r.File)
		file, err := os.ReadFile(modelFile(r))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := sha256.Sum256(file); got != r.SHA256 {
			t.Errorf("%s has SHA-256 %x, the table %x", r.File, got, r.SHA256)
		}
		h, err := gguf.ReadFile(modelFile(r))
		if err != nil {
			t.Error(err)
			continue
		}
		card, err := os.ReadFile(r.Name + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		for _, want := range []string{hex.EncodeToString(r.SHA256[:]), r.File, h.Text("general.name"), h.Text("general.architecture")} {
			if want == "" || !strings.Contains(string(card), want) {
				t.Errorf("the card %s.md does not mention %q", r.Name, want)
			}
		}
	}
	files, _ = filepath.Glob("*/*.gguf")
	for i, file := range files {
		files[i] = filepath.Base(file)
	}
	cards, _ = filepath.Glob("*.md")
	for _, c := range []struct{ got, want []string }{{files, wantFiles}, {cards, wantCards}} {
		slices.Sort(c.got)
		slices.Sort(c.want)
		if !slices.Equal(c.got, c.want) {
			t.Errorf("here are %q, the table of released models has %q", c.got, c.want)
		}
	}
}

// Every released model has golden archives, which name it with the probes of the table.
func TestReleasedGolden(t *testing.T) {
	want := map[string]bool{}
	for _, g := range goldens() {
		want[g.file()] = true
		archive, err := os.Open(g.file())
		if err != nil {
			t.Errorf("%v; write it with make golden", err)
			continue
		}
		defer archive.Close()
		info, err := archive.Stat()
		if err != nil {
			t.Fatal(err)
		}
		frames, err := stream.ReadIndex(archive, info.Size())
		if err != nil || len(frames) != 1 || frames[0].Header.Model == nil {
			t.Errorf("%s: %d frames, %v", g.file(), len(frames), err)
			continue
		}
		for i, c := range frames[0].Chunks {
			if c.Method.String() != g.method {
				t.Errorf("%s: chunk %d is coded by %s", g.file(), i, c.Method)
			}
		}
		h := frames[0].Header
		if h.Model.SHA256 != g.model.SHA256 || h.Model.Class != g.class {
			t.Errorf("%s names the model %x in class %s", g.file(), h.Model.SHA256, h.Model.Class)
		}
		if probe, ok := g.model.Probes[g.class]; !ok || h.Probe != probe {
			t.Errorf("%s has the probe %x, the table %x", g.file(), h.Probe, probe)
		}
	}
	files, _ := filepath.Glob("testdata/*.lmz")
	for _, file := range files {
		if !want[file] {
			t.Errorf("%s is of no released model", file)
		}
	}
}

func TestEmbeddedAreReleased(t *testing.T) {
	s := models.NewStore(models.Options{Embedded: embedded.Models(), Path: []string{}})
	for _, m := range embedded.Models() {
		f, err := s.Locate(m.Name)
		if err != nil || f.Name() != m.Name || !f.Embedded() {
			t.Errorf("%q is found as %q: %v", m.Name, f.Name(), err)
		}
		got, released, err := s.Rehash(f)
		if err != nil || got != released {
			t.Errorf("%s: SHA-256 is %x, want %x: %v", m.Name, got, released, err)
		}
		if r, ok := models.ReleasedWith(got); !ok || r.Name != m.Name {
			t.Errorf("%s is released as %q", m.Name, r.Name)
		}
	}
}
