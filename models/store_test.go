package models

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
)

// backend makes fake models and remembers which are open.
type backend struct {
	opened []string
	closed int
	before func() // runs before a file is opened
}

type fake struct {
	*fakemodel.Model
	id      lm.ModelID
	backend *backend
}

func (f *fake) ID() lm.ModelID { return f.id }
func (f *fake) Close() error   { f.backend.closed++; return nil }

func (b *backend) OpenFile(ctx context.Context, path, class string) (Opened, error) {
	if b.before != nil {
		b.before()
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b.opened = append(b.opened, path)
	return b.open(data, class), nil
}

func (b *backend) OpenBytes(ctx context.Context, gguf []byte, class string) (Opened, error) {
	b.opened = append(b.opened, EmbeddedName)
	return b.open(gguf, class), nil
}

func (b *backend) open(data []byte, class string) *fake {
	if class == "" {
		class = "default"
	}
	return &fake{fakemodel.New(fakemodel.Options{}), lm.ModelID{SHA256: sha256.Sum256(data), Class: class}, b}
}

// inside are the embedded models.
var inside = []Embedded{{"first", header("inside first")}, {"second", header("inside second")}}

// header is a GGUF file without tensors.
func header(name string) []byte {
	b := append([]byte("GGUF"), 3, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, 0) // tensors
	b = binary.LittleEndian.AppendUint64(b, 1) // keys
	text := func(s string) {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	text("general.name")
	b = binary.LittleEndian.AppendUint32(b, 8) // string
	text(name)
	return b
}

func write(t *testing.T, path string, data []byte) [32]byte {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

func TestSearchPath(t *testing.T) {
	t.Setenv("HOME", "/home/u")
	t.Setenv("USERPROFILE", "/home/u") // of Windows
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv(PathVariable, strings.Join([]string{"/a", "b.gguf", "", "c"}, string(os.PathListSeparator)))
	want := []string{"/a", "b.gguf", "c", filepath.FromSlash("/home/u/.local/share/lmz/models")}
	if got := SearchPath(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	t.Setenv(PathVariable, "")
	t.Setenv("XDG_DATA_HOME", "/data")
	if got, want := SearchPath(), []string{filepath.FromSlash("/data/lmz/models")}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestModelBySHA256(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	one := write(t, filepath.Join(dir, "one.gguf"), header("one"))
	two := write(t, filepath.Join(dir, "deep", "two.gguf"), header("two"))
	plain := write(t, filepath.Join(dir, "given"), []byte("given as a file, of any name"))
	write(t, filepath.Join(dir, "deep", "not a model.txt"), header("two"))

	b := &backend{}
	path := []string{filepath.Join(dir, "missing"), filepath.Join(dir, "given"), dir}
	s := NewStore(Options{Embedded: inside, Path: path, CacheDir: cache, Backend: b})
	ctx := context.Background()
	for _, id := range []lm.ModelID{
		{SHA256: one, Class: "a"}, {SHA256: one, Name: "one", Class: "b"}, {SHA256: two, Name: "two", Class: "a"},
		{SHA256: plain, Name: "other", Class: "a"}, {SHA256: sha256.Sum256(inside[0].GGUF), Class: "a"},
	} {
		m, err := s.Model(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if m.ID().SHA256 != id.SHA256 || m.ID().Class != id.Class {
			t.Errorf("asked for %x in %s, got %x in %s", id.SHA256, id.Class, m.ID().SHA256, m.ID().Class)
		}
		again, err := s.Model(ctx, id)
		if err != nil || again != m {
			t.Errorf("the model was opened twice: %v", err)
		}
	}
	if len(b.opened) != 5 {
		t.Errorf("opened %q", b.opened)
	}
	if err := s.Close(); err != nil || b.closed != 5 {
		t.Errorf("%d models closed, want 5: %v", b.closed, err)
	}
	if _, err := s.Model(ctx, lm.ModelID{SHA256: one}); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed store returned %v", err)
	}
}

func TestModelNotFound(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one.gguf"), header("one"))
	s := NewStore(Options{Embedded: inside, Path: []string{dir}, Backend: &backend{}})
	id := lm.ModelID{SHA256: [32]byte{1, 2, 3}, Name: "one"}
	_, err := s.Model(context.Background(), id)
	var missing *NotFoundError
	if !errors.As(err, &missing) || missing.ID != id {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"one", "0102030000"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not mention %s", err, want)
		}
	}
	for _, want := range []string{dir, "-m", PathVariable} {
		if !strings.Contains(missing.Hint(), want) {
			t.Errorf("%q does not mention %s", missing.Hint(), want)
		}
	}
	if _, err := s.Open(context.Background(), "absent", ""); !errors.As(err, &missing) || missing.Query != "absent" {
		t.Errorf("got %v", err)
	}
}

func TestOpenByName(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(t.TempDir())
	write(t, filepath.Join(dir, "deep", "log-7b.gguf"), header("one"))
	write(t, "here.bin", header("two"))
	for name, want := range map[string]string{
		"":            EmbeddedName,
		"embedded":    EmbeddedName,
		"log-7b":      filepath.Join(dir, "deep", "log-7b.gguf"),
		"log-7b.gguf": filepath.Join(dir, "deep", "log-7b.gguf"),
		"here.bin":    "here.bin",
		"./here.bin":  "./here.bin",
	} {
		b := &backend{}
		s := NewStore(Options{Embedded: inside, Path: []string{dir}, Backend: b})
		if _, err := s.Open(context.Background(), name, ""); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if len(b.opened) != 1 || b.opened[0] != want {
			t.Errorf("%q opened %q, want %q", name, b.opened, want)
		}
	}
	s := NewStore(Options{Embedded: inside, Path: []string{dir}, Backend: &backend{}})
	for _, name := range []string{"./absent.gguf", dir, "7b"} {
		if _, err := s.Open(context.Background(), name, ""); err == nil {
			t.Errorf("%q was found", name)
		}
	}
}

// What Locate takes besides paths and the names of files: embedded and released models by name, any
// by its hash.
func TestLocate(t *testing.T) {
	dir := t.TempDir()
	one := write(t, filepath.Join(dir, "one.gguf"), header("one"))
	write(t, filepath.Join(dir, "copy", "two.gguf"), header("one"))
	write(t, filepath.Join(dir, "base-q8_0.gguf"), header("not the released one"))
	t.Chdir(t.TempDir())
	write(t, "second", []byte("a file of this name"))
	s := NewStore(Options{Embedded: inside, Path: []string{dir}, Backend: &backend{}})
	first, _ := s.embeddedNamed("first")
	second, _ := s.embeddedNamed("second")
	sum := sha256.Sum256(inside[1].GGUF)
	for name, want := range map[string]File{
		"":         first,
		"embedded": first,
		"first":    first,
		"second":   second,
		"./second": {Path: "./second"},
		// WalkDir goes by name.
		hex.EncodeToString(one[:]):  {Path: filepath.Join(dir, "copy", "two.gguf")},
		hex.EncodeToString(one[:4]): {Path: filepath.Join(dir, "copy", "two.gguf")},
		fmt.Sprintf("%X", sum[:8]):  second,
		"base-q8_0":                 {Path: filepath.Join(dir, "base-q8_0.gguf")},
		filepath.Join(dir, "..", filepath.Base(dir), "one.gguf"): {Path: filepath.Join(dir, "one.gguf")},
	} {
		if got, err := s.Locate(name); err != nil || got != want {
			t.Errorf("%q is %v, want %v: %v", name, got, want, err)
		}
	}
	var missing *NotFoundError
	for _, name := range []string{"0000000000", hex.EncodeToString(one[:3]), hex.EncodeToString(one[:]) + "00", "nosuch"} {
		if got, err := s.Locate(name); !errors.As(err, &missing) || missing.Query != name {
			t.Errorf("%q is %v, %v", name, got, err)
		}
	}
}

// A released model that is not embedded is found by its name, wherever its file is, but only if it
// is that file.
func TestLocateReleased(t *testing.T) {
	defer func(all []Released) { released = all }(released)
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", "old-q8_0.gguf")
	sum := write(t, path, header("old"))
	released = append([]Released{{Name: "old", File: "old-q8_0.gguf", SHA256: sum, apart: true}}, released...)
	s := NewStore(Options{Embedded: inside, Path: []string{dir}, Backend: &backend{}})
	if got, err := s.Locate("old"); err != nil || got.Path != path {
		t.Errorf("got %v, %v", got, err)
	}
	t.Chdir(t.TempDir()) // with a folder of that name
	if err := os.Mkdir("old", 0o777); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Locate("old"); err != nil || got.Path != path {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := s.Locate("." + string(filepath.Separator) + "old"); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("got %v", err)
	}
	if err := os.Remove("old"); err != nil {
		t.Fatal(err)
	}
	write(t, path, header("another of this name"))
	got, err := s.Locate("old")
	var missing *NotFoundError
	if !errors.As(err, &missing) || !strings.Contains(missing.Hint(), path+" is not the released old-q8_0.gguf") {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = s.Model(context.Background(), lm.ModelID{SHA256: sum})
	if !errors.As(err, &missing) || !strings.Contains(missing.Hint(), "the released old-q8_0.gguf") || !strings.Contains(missing.Hint(), "releases") {
		t.Errorf("got %v", err)
	}
}

func TestLocateAmbiguous(t *testing.T) {
	dir := t.TempDir()
	sum := write(t, filepath.Join(dir, "one.gguf"), header("one"))
	prefix := hex.EncodeToString(sum[:5])
	s := NewStore(Options{Embedded: inside, Path: []string{dir}, Backend: &backend{}})
	sum[31]++
	s.embedded[0].sha256 = sum
	_, err := s.Locate(prefix)
	var hinted interface{ Hint() string }
	if !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), "more digits") {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{prefix, inside[0].Name, "one"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not mention %s", err, want)
		}
	}
}

func TestRehash(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.gguf")
	first := write(t, path, header("one"))
	s := NewStore(Options{Embedded: inside, Path: []string{dir}, CacheDir: filepath.Join(dir, "cache"), Backend: &backend{}})
	check := func(wantSum, wantKnown [32]byte) {
		t.Helper()
		if sum, known, err := s.Rehash(File{Path: path}); err != nil || sum != wantSum || known != wantKnown {
			t.Errorf("%x, %x, %v", sum, known, err)
		}
	}
	check(first, first) // never seen before; remembered from now on
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	second := write(t, path, header("two")) // of the same size
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	check(second, first)
	if err := os.Chtimes(path, info.ModTime(), info.ModTime().Add(time.Microsecond)); err != nil {
		t.Fatal(err)
	}
	check(second, second)
	if _, _, err := s.Rehash(File{Path: filepath.Join(dir, "absent")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// The same file opened by its path and by its hash is one model.
func TestOpenOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.gguf")
	sum := write(t, path, header("one"))
	b := &backend{}
	s := NewStore(Options{Embedded: inside, Path: []string{dir}, Backend: b})
	m, err := s.Open(context.Background(), path, "x")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := s.Model(context.Background(), lm.ModelID{SHA256: sum, Class: "x"}); err != nil || same != m {
		t.Errorf("another model was given: %v", err)
	}
	if same, err := s.Open(context.Background(), path, "x"); err != nil || same != m {
		t.Errorf("another model was given: %v", err)
	}
	if err := s.Close(); err != nil || b.closed != len(b.opened) {
		t.Errorf("%d opened, %d closed: %v", len(b.opened), b.closed, err)
	}
}
