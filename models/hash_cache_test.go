package models

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

func TestHashCache(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.gguf")
	want := write(t, path, header("one"))
	cache := filepath.Join(dir, "cache")
	if got, err := openHashCache(cache).sum(t.Context(), path); err != nil || got != want {
		t.Fatalf("%x, %v", got, err)
	}
	// A second run takes the hash from the file: swap it for another to see.
	lie(t, cache, path, [32]byte{0xab})
	if got, err := openHashCache(cache).sum(t.Context(), path); err != nil || got[0] != 0xab {
		t.Errorf("the cache was not used: %x, %v", got, err)
	}
	if got, err := openHashCache(cache).proven(t.Context(), path); err != nil || got != want {
		t.Errorf("the cache was taken for a proof: %x, %v", got, err)
	}
	changed := write(t, path, header("longer"))
	if got, err := openHashCache(cache).sum(t.Context(), path); err != nil || got != changed {
		t.Errorf("the cache was used for a changed file: %x, %v", got, err)
	}
}

// lie makes the cache say that the file at path has this hash.
func lie(t *testing.T, cache, path string, sum [32]byte) {
	t.Helper()
	key, stamp, err := stampOf(path)
	if err != nil {
		t.Fatal(err)
	}
	c := openHashCache(cache)
	c.own[key] = hashEntry{fileStamp: stamp, SHA256: hex.EncodeToString(sum[:])}
	c.save()
}

// Whatever the cache holds, models are found by what they are.
func TestBrokenCache(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	path, other := filepath.Join(dir, "a.gguf"), filepath.Join(dir, "b.gguf")
	one, two := write(t, path, header("one")), write(t, other, header("two"))
	file := filepath.Join(cache, "model-hashes.json")
	_, stamp, err := stampOf(path)
	if err != nil {
		t.Fatal(err)
	}
	entry := func(sum string) string {
		b, err := json.Marshal(map[string]any{path: map[string]any{
			"size": stamp.Size, "mtime": stamp.Mtime, "ctime": stamp.Ctime, "inode": stamp.Inode, "sha256": sum,
		}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, content := range []string{
		"", "null", "[]", `"text"`, "{broken", "\x00\x00", "{}", strings.Repeat("[", 100000),
		fmt.Sprintf(`{%q: null}`, path), fmt.Sprintf(`{%q: []}`, path), fmt.Sprintf(`{%q: {"size": "many"}}`, path),
		fmt.Sprintf(`{%q: {"size": -1, "mtime": 1e400}, "": {}}`, path),
		entry(""), entry("zz"), entry("abcd"), entry(strings.Repeat("ab", 32)), entry(hex.EncodeToString(two[:])),
	} {
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		s := NewStore(Options{Path: []string{dir}, CacheDir: cache, Backend: &backend{}})
		for _, sum := range [][32]byte{one, two} {
			if m, err := s.Model(t.Context(), lm.ModelID{SHA256: sum}); err != nil || m.ID().SHA256 != sum {
				t.Errorf("cache %.80q: %v", content, err)
			}
		}
		if f, err := s.Locate(hex.EncodeToString(one[:])); err != nil || f.Path != path {
			t.Errorf("cache %.80q: by its hash it is %v, %v", content, f, err)
		}
		if f, err := s.Locate(strings.Repeat("ab", 8)); err == nil {
			t.Errorf("cache %.80q: found %v by a hash that none has", content, f)
		}
		s.Close()
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o777); err != nil { // no file at all, and none can be written
		t.Fatal(err)
	}
	s := NewStore(Options{Path: []string{dir}, CacheDir: cache, Backend: &backend{}})
	if _, err := s.Model(t.Context(), lm.ModelID{SHA256: one}); err != nil {
		t.Error(err)
	}
}

// A released model that is not embedded is told by its bytes, too.
func TestLyingCacheReleased(t *testing.T) {
	defer func(all []Released) { released = all }(released)
	dir, cache := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "old-q8_0.gguf")
	sum := write(t, path, header("old"))
	released = append([]Released{{Name: "old", File: "old-q8_0.gguf", SHA256: sum}}, released...)
	lie(t, cache, path, [32]byte{1})
	s := NewStore(Options{Path: []string{dir}, CacheDir: cache, Backend: &backend{}})
	if f, err := s.Locate("old"); err != nil || f.Path != path {
		t.Errorf("got %v, %v", f, err)
	}
	write(t, path, header("another of this name"))
	lie(t, cache, path, sum)
	s = NewStore(Options{Path: []string{dir}, CacheDir: cache, Backend: &backend{}})
	if f, err := s.Locate("old"); err == nil {
		t.Errorf("got %v, which is another", f)
	}
}

// A model that was damaged and then put back, each time with its old modification time, is there
// again.
func TestRestoredModel(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "a.gguf")
	good := write(t, path, header("one"))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{Path: []string{dir}, CacheDir: cache, Backend: &backend{}}
	find := func(sum [32]byte) error {
		s := NewStore(opts)
		defer s.Close()
		_, err := s.Model(t.Context(), lm.ModelID{SHA256: sum})
		return err
	}
	put := func(name string) (sum [32]byte) {
		sum = write(t, path, header(name))
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
		return sum
	}
	bad := put("two") // of the same size
	if err := find(good); err == nil {
		t.Error("a damaged model was taken for the good one")
	}
	put("one")
	if err := find(good); err != nil {
		t.Errorf("the restored model: %v", err)
	}
	var missing *NotFoundError
	if err := find(bad); !errors.As(err, &missing) {
		t.Errorf("the damaged model is gone, but: %v", err)
	}
}

// Processes that hash files at the same time do not lose what each other found.
func TestHashCacheWriters(t *testing.T) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache")
	writers := []*hashCache{openHashCache(cache), openHashCache(cache), openHashCache(cache)}
	want := map[string][32]byte{}
	for round := range 3 {
		for i, c := range writers {
			path := filepath.Join(dir, fmt.Sprintf("%d-%d.gguf", i, round))
			want[path] = write(t, path, header(path))
			if _, err := c.sum(t.Context(), path); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := openHashCache(cache)
	for path, sum := range want {
		if e := c.entries[path]; e.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s is remembered as %q", filepath.Base(path), e.SHA256)
		}
	}
}

// endingContext ends after its error was asked for so many times.
type endingContext struct {
	context.Context
	left int
}

func (c *endingContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// A context ends hashing in the middle of a file, and what was hashed in part is not remembered.
func TestContextWhileHashing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "large.gguf")
	want := write(t, path, make([]byte, 64<<20))
	opts := Options{Path: []string{dir}, CacheDir: filepath.Join(dir, "cache"), Backend: &backend{}}
	for name, find := range map[string]func(*Store, context.Context) error{
		"by hash": func(s *Store, ctx context.Context) error {
			_, err := s.Model(ctx, lm.ModelID{SHA256: want})
			return err
		},
		"by the start of a hash": func(s *Store, ctx context.Context) error {
			_, err := s.Open(ctx, hex.EncodeToString(want[:8]), "")
			return err
		},
	} {
		if err := find(NewStore(opts), &endingContext{context.Background(), 8}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if e := openHashCache(opts.CacheDir).entries; len(e) != 0 {
			t.Errorf("%s: remembered %v", name, e)
		}
	}
	if err := opts.Backend.(*backend).opened; len(err) != 0 {
		t.Errorf("opened %q", err)
	}
}

// A context ends the walk through folders, and what was not seen by then is not said to be missing.
func TestContextWhileWalking(t *testing.T) {
	dir := t.TempDir()
	for i := range 10 {
		write(t, filepath.Join(dir, fmt.Sprint(i), "a.gguf"), header("one"))
	}
	s := NewStore(Options{Path: []string{dir}, Backend: &backend{}})
	for left := range 12 {
		if _, err := s.Model(&endingContext{context.Background(), left}, lm.ModelID{SHA256: [32]byte{1}, Name: "one"}); !errors.Is(err, context.Canceled) {
			t.Errorf("Model, ending at look %d: %v", left, err)
		}
		if _, err := s.Open(&endingContext{context.Background(), left}, "absent", ""); !errors.Is(err, context.Canceled) {
			t.Errorf("Open, ending at look %d: %v", left, err)
		}
	}
}

// A caller whose context ends does not wait for another one that opens a model.
func TestContextWhileOthersOpen(t *testing.T) {
	dir := t.TempDir()
	sum := write(t, filepath.Join(dir, "a.gguf"), header("one"))
	opening, goOn := make(chan bool), make(chan bool)
	s := NewStore(Options{Path: []string{dir}, Backend: &backend{before: func() {
		close(opening)
		<-goOn
	}}})
	done := make(chan error)
	go func() {
		_, err := s.Model(context.Background(), lm.ModelID{SHA256: sum})
		done <- err
	}()
	<-opening
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Model(ctx, lm.ModelID{SHA256: sum}); !errors.Is(err, context.Canceled) {
		t.Errorf("Model: %v", err)
	}
	if _, err := s.Open(ctx, "a", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
	close(goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
