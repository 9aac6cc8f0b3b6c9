package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/evidence"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/stream"
)

// treeHash is the definition of RFC 6962, 2.1.
func treeHash(leaves [][]byte) []byte {
	var h [32]byte
	switch n := len(leaves); n {
	case 0:
		h = sha256.Sum256(nil)
	case 1:
		h = sha256.Sum256(append([]byte{0}, leaves[0]...))
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		h = sha256.Sum256(slices.Concat([]byte{1}, treeHash(leaves[:k]), treeHash(leaves[k:])))
	}
	return h[:]
}

// linesOf are the leaves of a frame.
func linesOf(content []byte) [][]byte {
	lines := bytes.SplitAfter(content, []byte{'\n'})
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// rootOf is the root as docs/EVIDENCE.md defines it.
func rootOf(frames [][]byte) evidence.Root {
	var leaves [][]byte
	before, open := 0, byte(0)
	for _, f := range frames {
		if len(f) == 0 {
			continue
		}
		lines := linesOf(f)
		leaf := append(binary.BigEndian.AppendUint64(nil, uint64(before)), open)
		leaf = append(binary.BigEndian.AppendUint64(leaf, uint64(len(lines))), treeHash(lines)...)
		leaves = append(leaves, leaf)
		before += bytes.Count(f, []byte{'\n'})
		if open = 1; f[len(f)-1] == '\n' {
			open = 0
		}
	}
	return evidence.Root(treeHash(leaves))
}

func zstd(opts ...stream.WriterOption) []stream.WriterOption {
	return append([]stream.WriterOption{stream.WithMethod(codec.Zstd)}, opts...)
}

func prover(t testing.TB, archive []byte) *evidence.Prover {
	t.Helper()
	a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	p, err := evidence.New(a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// archives are those of contents, a frame each.
func archives(t testing.TB) map[string]struct{ frames, parts [][]byte } {
	log := golden.Text("log", 5, 5<<20)
	ended := log[:1+bytes.LastIndexByte(log, '\n')]
	small := ended[:1+bytes.IndexByte(ended, '\n')]
	compress := func(content []byte, opts ...stream.WriterOption) []byte {
		return archivetest.Compress(t, nil, content, opts...)
	}
	return map[string]struct{ frames, parts [][]byte }{
		"lone":   {[][]byte{small}, [][]byte{compress(small)}},
		"empty":  {[][]byte{nil}, [][]byte{compress(nil)}},
		"no end": {[][]byte{log[:3000]}, [][]byte{compress(log[:3000], zstd()...)}},
		"large":  {[][]byte{ended}, [][]byte{compress(ended, zstd(stream.WithChunkSize(200_001))...)}},
		"frames": {
			[][]byte{small, nil, ended, ended[:2<<20], log[:100], []byte("\n"), []byte("\xff\x00 no text")},
			[][]byte{
				compress(small), compress(nil), compress(ended, zstd(stream.WithChunkSize(1<<20))...), compress(ended[:2<<20], zstd(stream.WithLineHashes(false))...),
				compress(log[:100]), compress([]byte("\n")), compress([]byte("\xff\x00 no text")),
			},
		},
	}
}

// The root is that of the content and its frames, and all lines but those that cross frames can be
// proven; what a proof says cannot be changed.
func TestLines(t *testing.T) {
	for name, tt := range archives(t) {
		p := prover(t, slices.Concat(tt.parts...))
		head := p.Head()
		content := slices.Concat(tt.frames...)
		if want := rootOf(tt.frames); head.Root != want || head.Bytes != int64(len(content)) || head.Lines != int64(bytes.Count(content, []byte{'\n'})) {
			t.Fatalf("%s: %+v, want root %v", name, head, want)
		}
		lines := linesOf(content)
		crossing := map[int]bool{}
		at := 0
		for _, f := range tt.frames {
			if len(f) > 0 && at > 0 && content[at-1] != '\n' {
				crossing[bytes.Count(content[:at], []byte{'\n'})] = true
			}
			at += len(f)
		}
		step := max(1, len(lines)/9)
		for i := 0; i < len(lines); i++ {
			if i%step != 0 && !crossing[i] && i < len(lines)-2 {
				continue
			}
			l, err := p.Line(int64(i) + 1)
			if crossing[i] {
				if !errors.Is(err, evidence.ErrLine) {
					t.Errorf("%s: line %d, of two frames: %v", name, i+1, err)
				}
				continue
			}
			if err != nil || !bytes.Equal(l.Text, lines[i]) {
				t.Fatalf("%s: line %d: %v", name, i+1, err)
			}
			text := evidence.Text(l)
			back, err := evidence.Parse(text)
			if err != nil || !reflect.DeepEqual(back, l) || len(text) > 2048 {
				t.Fatalf("%s: line %d: %d bytes, %v", name, i+1, len(text), err)
			}
			if err := l.Verify(head.Root); err != nil {
				t.Errorf("%s: line %d: %v", name, i+1, err)
			}
			refuses(t, name, l, head.Root)
		}
		for _, n := range []int64{-1, 0, int64(len(lines)) + 1, 1 << 60} {
			if _, err := p.Line(n); !errors.Is(err, evidence.ErrLine) {
				t.Errorf("%s: line %d of %d: %v", name, n, len(lines), err)
			}
		}
	}
}

// refuses makes sure that each change of a proof is found.
func refuses(t *testing.T, name string, good *evidence.LineProof, root evidence.Root) {
	t.Helper()
	flip := func(b []byte) []byte {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 1
		return b
	}
	for what, change := range map[string]func(*evidence.LineProof) bool{
		"text":       func(p *evidence.LineProof) bool { p.Text = flip(p.Text); return true },
		"no text":    func(p *evidence.LineProof) bool { p.Text = nil; return true },
		"cut":        func(p *evidence.LineProof) bool { p.Text = p.Text[:len(p.Text)-1]; return true },
		"two lines":  func(p *evidence.LineProof) bool { p.Text = append([]byte("x\n"), p.Text...); return true },
		"number":     func(p *evidence.LineProof) bool { p.Line++; return true },
		"shifted":    func(p *evidence.LineProof) bool { p.Line++; p.Before++; return true },
		"leaf":       func(p *evidence.LineProof) bool { p.Line++; p.Leaf++; return true },
		"leaves":     func(p *evidence.LineProof) bool { p.Leaves++; return true },
		"open":       func(p *evidence.LineProof) bool { p.Open = !p.Open; return true },
		"path":       func(p *evidence.LineProof) bool { p.Path = append(p.Path, make([]byte, 32)...); return true },
		"half":       func(p *evidence.LineProof) bool { p.Path = append(p.Path, 1); return true },
		"wrong path": func(p *evidence.LineProof) bool { p.Path = flip(append(p.Path, 0)); return true },
		"frame path": func(p *evidence.LineProof) bool { p.FramePath = append(p.FramePath, make([]byte, 32)...); return true },
		"frame": func(p *evidence.LineProof) bool {
			if p.Frames < 2 {
				return false
			}
			p.Frame = p.Frames - 1 - p.Frame
			return 2*p.Frame != p.Frames-1
		},
		"minus": func(p *evidence.LineProof) bool { p.Frame, p.Frames = -1, 0; return true },
	} {
		bad := *good
		bad.Path, bad.FramePath = bytes.Clone(good.Path), bytes.Clone(good.FramePath)
		if !change(&bad) {
			continue
		}
		if err := bad.Verify(root); !errors.Is(err, evidence.ErrNotProven) {
			t.Errorf("%s: line %d with another %s: %v", name, good.Line, what, err)
		}
	}
	root[7] ^= 1
	if err := good.Verify(root); !errors.Is(err, evidence.ErrNotProven) {
		t.Errorf("%s: line %d, of another root: %v", name, good.Line, err)
	}
}

// Methods, levels and chunk sizes, and whether hashes are kept, have no part in the root.
func TestRootIsOfContent(t *testing.T) {
	content := golden.Text("log", 9, 1<<20+300_000)
	want := rootOf([][]byte{content})
	for name, opts := range map[string][]stream.WriterOption{
		"raw": {stream.WithMethod(codec.Raw)}, "small chunks": zstd(stream.WithChunkSize(3000)), "no hashes": zstd(stream.WithLineHashes(false)),
		"level 0": {stream.WithLevel(0)}, "level 1, verified": {stream.WithLevel(1), stream.WithVerify(nil, nil), stream.WithChunkSize(400_000), stream.WithPrimer(100_000)},
	} {
		archive := archivetest.Compress(t, nil, content, opts...)
		if got := prover(t, archive).Head().Root; got != want {
			t.Errorf("%s: root %v, want %v", name, got, want)
		}
		a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil)
		if err != nil {
			t.Fatal(err)
		}
		frames, err := a.FrameLines()
		if err != nil || (frames[0].Hashes == nil) != (name == "no hashes") {
			t.Errorf("%s: %+v, %v", name, frames, err)
		}
		a.Close()
	}
}

// countedReads counts what is read of an archive.
type countedReads struct {
	*bytes.Reader
	n atomic.Int64
}

func (r *countedReads) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.Reader.ReadAt(p, off)
	r.n.Add(int64(n))
	return n, err
}

// What frames keep spares reading most of them.
func TestBlocksSpareReading(t *testing.T) {
	content := bytes.Repeat(golden.Text("log", 3, 1<<20), 24)
	archive := archivetest.Compress(t, nil, content, zstd(stream.WithChunkSize(1<<18))...)
	r := &countedReads{Reader: bytes.NewReader(archive)}
	a, err := stream.Open(r, int64(len(archive)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	p, err := evidence.New(a)
	if err != nil {
		t.Fatal(err)
	}
	if n := r.n.Load(); n > int64(len(archive)/20) {
		t.Errorf("the root took %d bytes of %d", n, len(archive))
	}
	if _, err := p.Line(p.Head().Lines / 2); err != nil {
		t.Error(err)
	}
	if n := r.n.Load(); n > int64(len(archive)/2) {
		t.Errorf("a line took %d bytes of %d", n, len(archive))
	}
}

// What was appended to is proven to be as it was, and to nothing else.
func TestExtension(t *testing.T) {
	var archive []byte
	var heads []evidence.Head
	var provers []*evidence.Prover
	for i := range 10 {
		// An empty frame has no part in it.
		p := prover(t, append(archive, archivetest.Compress(t, nil, nil)...))
		heads, provers = append(heads, p.Head()), append(provers, p)
		archive = append(archive, archivetest.Compress(t, nil, fmt.Appendf(nil, "day %d\nits end\n", i))...)
	}
	for i, then := range heads {
		for j, p := range provers {
			e, err := p.Extension(then)
			if i > j {
				if !errors.Is(err, evidence.ErrNotExtended) {
					t.Errorf("%d frames cut to %d: %v", i, j, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%d frames to %d: %v", i, j, err)
			}
			back, err := evidence.Parse(evidence.Text(e))
			if err != nil {
				t.Fatal(err)
			}
			e = back.(*evidence.ExtensionProof)
			for a, old := range heads {
				for b, now := range heads {
					if err := e.Verify(old.Root, now.Root); (err == nil) != (a == i && b == j) {
						t.Errorf("%d frames to %d, as %d to %d: %v", i, j, a, b, err)
					}
				}
			}
			bad := *e
			bad.Old.Frames++
			if bad.Verify(then.Root, heads[j].Root) == nil {
				t.Errorf("%d frames to %d: with another number of them", i, j)
			}
			if bad = *e; len(bad.Path) > 0 {
				bad.Path = bytes.Clone(bad.Path)
				bad.Path[0] ^= 1
				if bad.Verify(then.Root, heads[j].Root) == nil {
					t.Errorf("%d frames to %d: with another path", i, j)
				}
			}
		}
		other := then
		other.Root[0] ^= 1
		if _, err := provers[9].Extension(other); !errors.Is(err, evidence.ErrNotExtended) {
			t.Errorf("another root: %v", err)
		}
		// A proof that any archive extends an empty one says nothing about another.
		e := &evidence.ExtensionProof{Type: evidence.ExtensionType, Old: then, New: heads[9]}
		if e.Old.Frames = 0; i > 0 && e.Verify(then.Root, heads[9].Root) == nil {
			t.Errorf("%d frames taken for none", i)
		}
	}
}

func TestErrors(t *testing.T) {
	content := golden.Text("log", 5, 3<<20)
	archive := archivetest.Compress(t, nil, content, zstd()...)
	a, err := stream.Open(bytes.NewReader(archive[:len(archive)-20]), int64(len(archive)-20), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := evidence.New(a); !errors.Is(err, stream.ErrTruncated) {
		t.Errorf("an archive without an end: %v", err)
	}
	long := append(bytes.Repeat([]byte("z"), evidence.MaxLine), '\n')
	if _, err := prover(t, archivetest.Compress(t, nil, long, zstd()...)).Line(1); !errors.Is(err, evidence.ErrLine) {
		t.Errorf("a line of %d bytes: %v", len(long), err)
	}
	for _, text := range []string{"", "{}", "[]", `{"type":"lmz head 2"}`, `{"type":"lmz head 1","root":"00"}`, `{"type":"lmz head 1","more":1}`} {
		if doc, err := evidence.Parse([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, doc)
		}
	}
}

// FuzzParse: what is read never panics, and proves nothing that its root does not.
func FuzzParse(f *testing.F) {
	archive := archivetest.Compress(f, nil, []byte(strings.Repeat("a line\n", 5)))
	archive = append(archive, archive...)
	p := prover(f, archive)
	l, err := p.Line(7)
	if err != nil {
		f.Fatal(err)
	}
	e, err := p.Extension(evidence.Head{Root: prover(f, archive[:len(archive)/2]).Head().Root, Frames: 1})
	if err != nil {
		f.Fatal(err)
	}
	head := p.Head()
	for _, doc := range []any{l, e, &head} {
		f.Add(evidence.Text(doc))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := evidence.Parse(text)
		if err != nil {
			return
		}
		switch doc := doc.(type) {
		case *evidence.LineProof:
			if doc.Verify(head.Root) == nil && (string(doc.Text) != "a line\n" || doc.Line < 1 || doc.Line > 10) {
				t.Fatalf("%s", text)
			}
		case *evidence.ExtensionProof:
			if doc.Verify(e.Old.Root, head.Root) == nil && (doc.Old.Root != e.Old.Root || doc.New.Root != head.Root) {
				t.Fatalf("%s", text)
			}
		}
	})
}
