package members

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lmz-go/lmz/stream"
)

// archived is an archive of the bytes that write makes.
func archived(t *testing.T, write func(io.Writer) error) *stream.Archive {
	t.Helper()
	var b bytes.Buffer
	w, err := stream.NewWriter(&b, nil, stream.WithLevel(0), stream.WithChunkSize(5000))
	if err == nil {
		err = errors.Join(write(w), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	a, err := stream.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

type given struct{ name, text string }

var modified = time.Unix(1_764_000_000, 0)

func packed(t *testing.T, files []given) *stream.Archive {
	return archived(t, func(w io.Writer) error {
		z := NewWriter(w)
		for _, f := range files {
			h := &tar.Header{Name: f.name, Size: int64(len(f.text)), Mode: 0o640, ModTime: modified}
			if err := z.Add(h, strings.NewReader(f.text)); err != nil {
				return err
			}
		}
		return z.Close()
	})
}

func lines(n int, of string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d of %s\n", i, of)
	}
	return b.String()
}

// What was added comes back as a file system, and as a tar.
func TestFS(t *testing.T) {
	files := []given{
		{"logs/app.log", lines(800, "app")}, {"logs/empty", ""}, {"logs/old/app.log", lines(800, "app")},
		{"logs/old/" + strings.Repeat("long", 50), "x"}, {"../up/readme", "read me\n"}, {"last", lines(300, "last")},
	}
	a := packed(t, files)
	f, err := Open(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(f, "logs/app.log", "logs/empty", "logs/old/app.log", "up/readme", "last"); err != nil {
		t.Fatal(err)
	}
	for _, g := range files {
		text, err := fs.ReadFile(f, strings.TrimPrefix(g.name, "../"))
		if err != nil || string(text) != g.text {
			t.Errorf("%s: %d bytes, want %d; %v", g.name, len(text), len(g.text), err)
		}
	}
	stat, err := fs.Stat(f, "logs/old/app.log")
	if err != nil || stat.Mode() != 0o640 || !stat.ModTime().Equal(modified) || stat.Size() != int64(len(files[0].text)) {
		t.Errorf("stat: %v, %v", stat, err)
	}
	// From the middle on, as http.ServeContent does.
	open, err := f.Open("last")
	if err != nil {
		t.Fatal(err)
	}
	var rest strings.Builder
	open.(io.Seeker).Seek(100, io.SeekStart)
	if n, err := io.Copy(&rest, open); rest.String() != files[5].text[100:] || err != nil || n != int64(rest.Len()) {
		t.Errorf("from 100 on: %d bytes, %v", n, err)
	}
	if n, err := open.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("behind the end: %d, %v", n, err)
	}

	list, err := List(a)
	if err != nil || len(list) != len(files) || list[2].Offset != list[0].Offset {
		t.Errorf("%d members, %v", len(list), err)
	}
	var names []string
	for r := tar.NewReader(io.NewSectionReader(a, 0, a.Size())); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		if h.Name == files[2].name && (h.Typeflag != tar.TypeLink || h.Linkname != files[0].name) {
			t.Errorf("%s has type %c, and links to %q", h.Name, h.Typeflag, h.Linkname)
		}
	}
	if len(names) != len(files)+1 || names[len(files)] != ListName {
		t.Errorf("the tar has %q", names)
	}
}

// Names that cannot be paths, or be there at once, are left out: other programs write such lists.
func TestStrangeNames(t *testing.T) {
	f, err := Open(archived(t, func(w io.Writer) error {
		var text []byte
		var list []Member
		for _, g := range []given{
			{"a", "first"}, {"/a", "second"}, {"a/b", "in a file"}, {"b/c", "1"}, {"b", "over a folder"}, {"../../d/../e", "2"}, {"..", "3"}, {"./g//h", "4"},
			{"deep/" + strings.Repeat("d/", 3000) + "e", "5"},
		} {
			list = append(list, Member{Name: g.name, Offset: int64(len(text)), Size: int64(len(g.text))})
			text = append(text, g.text...)
		}
		_, err := w.Write(append(fmt.Appendf(appendList(text, list), listTrailer, len(text)), make([]byte, tarEnd)...))
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err = fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var text []byte
			text, err = fs.ReadFile(f, path)
			got[path] = string(text)
		}
		return err
	})
	if diff := cmp.Diff(map[string]string{"a": "first", "b/c": "1", "e": "2", "g/h": "4"}, got); diff != "" || err != nil {
		t.Errorf("%s%v", diff, err)
	}
}

// Of two files with one path whoever unpacks the tar would get one, and its content for links to the
// other: the second is refused, and spoils nothing.
func TestTakenNames(t *testing.T) {
	a := archived(t, func(w io.Writer) error {
		z := NewWriter(w)
		for _, f := range []struct {
			given
			taken bool
		}{
			{given{"../a", "same"}, false}, {given{"a", "other"}, true}, {given{"a", "same"}, true}, {given{"x/../a", "same"}, true}, {given{"b", "same"}, false},
			{given{"./b", "same"}, true}, {given{ListName, "own"}, true}, {given{"c/" + ListName, "own"}, false}, {given{"B", "1"}, false},
		} {
			err := z.Add(&tar.Header{Name: f.name, Size: int64(len(f.text)), Mode: 0o600}, strings.NewReader(f.text))
			if (err != nil) != f.taken || z.Err() != nil {
				t.Errorf("%s: %v, then %v", f.name, err, z.Err())
			}
		}
		return z.Close()
	})
	list, err := List(a)
	var names []string
	for _, m := range list {
		names = append(names, m.Name)
	}
	if diff := cmp.Diff([]string{"../a", "b", "c/" + ListName, "B"}, names); diff != "" || err != nil {
		t.Errorf("%s%v", diff, err)
	}
}

// A list that is wrong is an error, and never what it claims.
func TestWrongLists(t *testing.T) {
	tail := func(list string, begin int64) string {
		return list + fmt.Sprintf(listTrailer, begin) + strings.Repeat("\x00", tarEnd)
	}
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"none":        {lines(100, "text"), ErrNoList},
		"empty":       {"", ErrNoList},
		"behind":      {tail("", 1), stream.ErrCorrupt},
		"negative":    {tail("", -1), stream.ErrCorrupt},
		"outside":     {tail(`{"name":"a","offset":0,"size":1}`, 0), stream.ErrCorrupt},
		"overflowing": {tail(`{"name":"a","offset":9223372036854775807,"size":9223372036854775807}`, 0), stream.ErrCorrupt},
		"before":      {tail(`{"name":"a","offset":-1,"size":1}`, 0), stream.ErrCorrupt},
		"not JSON":    {tail("members", 0), stream.ErrCorrupt},
		"half":        {tail(`{"name":"a"`, 0), stream.ErrCorrupt},
	} {
		a := archived(t, func(w io.Writer) error { _, err := io.WriteString(w, test.text); return err })
		if f, err := Open(a); !errors.Is(err, test.want) || f != nil {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// What cannot be read before anything is written spoils nothing; what is cut off spoils all.
func TestBadContent(t *testing.T) {
	var b bytes.Buffer
	z := NewWriter(&b)
	add := func(name string, size int64, content io.ReaderAt) error {
		return z.Add(&tar.Header{Name: name, Size: size, Mode: 0o600}, content)
	}
	if err := add("good", 3, strings.NewReader("abc")); err != nil {
		t.Fatal(err)
	}
	bad := errors.New("bad")
	if err := add("unreadable", 3, failing{bad}); err != bad || z.Err() != nil {
		t.Errorf("a file that cannot be read: %v, then %v", err, z.Err())
	}
	if err := add("unnamable\x00", 4, strings.NewReader("abcd")); err == nil || z.Err() != nil {
		t.Errorf("a name that tar has no room for: %v, then %v", err, z.Err())
	}
	if err := add("short", 5, strings.NewReader("abcd")); err == nil || z.Err() != err || z.Close() != err {
		t.Errorf("a short file: %v, then %v", err, z.Err())
	}
	z = NewWriter(full{})
	if err := add("a", 1, strings.NewReader("a")); !errors.Is(err, io.ErrShortWrite) || z.Close() == nil {
		t.Errorf("where nothing can be written: %v", err)
	}
}

type failing struct{ error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.error }

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// A list takes what it says, however it was cut into lines.
func TestListBytes(t *testing.T) {
	list := []Member{{"a\n\"", 512, 3, 0o644, modified}, {"b", 1536, 0, 0o600, time.Time{}}, {"Stra\xdfe", 1024, 5, 0o600, modified}, {"\ufffd", 0, 1, 0, modified}}
	a := archived(t, func(w io.Writer) error {
		text := bytes.Repeat([]byte("x"), 2048)
		at := len(text)
		text = appendList(text, list)
		text = fmt.Appendf(text, listTrailer, at)
		_, err := w.Write(append(text, make([]byte, tarEnd+300)...))
		return err
	})
	got, err := List(a)
	if err != nil || !slices.EqualFunc(got, list, func(a, b Member) bool {
		return a.Name == b.Name && a.Offset == b.Offset && a.Size == b.Size && a.Mode == b.Mode && a.Modified.Equal(b.Modified)
	}) {
		t.Errorf("%v, want %v; %v", got, list, err)
	}
}
