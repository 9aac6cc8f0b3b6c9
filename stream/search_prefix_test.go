package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/internal/progress"
	"github.com/lmz-go/lmz/search"
)

const mib = 1 << 20

// inPrefixes are archives of chunks of more than a MiB, and their content: of all tests.
func inPrefixes(t *testing.T) (content []byte, archives map[string][]byte) {
	prefixed.once.Do(func() { prefixed.content, prefixed.archives = makeInPrefixes(t) })
	return prefixed.content, prefixed.archives
}

var prefixed struct {
	once     sync.Once
	content  []byte
	archives map[string][]byte
}

func makeInPrefixes(t *testing.T) (content []byte, archives map[string][]byte) {
	content = golden.Text("log", 8, 11<<17)
	content = content[:bytes.LastIndexByte(content, '\n')+1]
	alone := compress(t, nil, content, WithMethod(codec.Mix), WithLevel(0), WithChunkSize(2*mib))
	primed := compress(t, nil, content, WithMethod(codec.Mix), WithLevel(0), WithChunkSize(5<<18), WithPrimer(50_000))
	return content, map[string][]byte{"alone": alone, "primed": primed, "two": slices.Concat(alone, alone)}
}

// coded counts the bytes that are decoded, and holds decoding up behind the first MiB of a chunk
// until what asks for it is over: how quickly that notices bears on nothing then.
type coded struct {
	over  chan struct{}
	total atomic.Int64
}

const slack = 64 << 10

func (c *coded) told(before, done, _ int) {
	c.total.Add(int64(done - before))
	if done > mib+slack {
		select {
		case <-c.over:
		case <-time.After(20 * time.Second): // decoding goes on, and is counted
		}
	}
}

// What is known by a prefix of a chunk ends the decoding of it: as many lines as are wanted, with
// those behind them, and nobody who takes more of them or of the content.
func TestSearchEndsWithinChunks(t *testing.T) {
	content, archives := inPrefixes(t)
	starts := lineStarts(content)
	gone := errors.New("nobody reads")
	for name, archive := range archives {
		first := framesOf(t, archive)[0].Chunks
		chunk := first[min(1, len(first)-1)] // the one behind the primer, if there is one
		primer := int(chunk.RawOffset)
		at := func(off int) string { // the line there
			i, _ := slices.BinarySearch(starts, chunk.RawOffset+int64(off))
			return "^" + regexpQuote(string(content[starts[i]:starts[i+1]-1])) + "$"
		}
		early, late := at(1000), at(mib-1000)
		for what, do := range map[string]func(a *Archive) error{
			"one":     searchFor(early, Search{Max: 1}, 1, nil),
			"context": searchFor(early+"|"+late, Search{Max: 2, After: 2, Before: 2}, 10, nil),
			"gone":    searchFor(early+"|"+late, Search{}, 1, gone),
			"written": func(a *Archive) error {
				_, err := a.WriteRange(&leaving{left: mib / 2, err: gone}, chunk.RawOffset, a.Size()-chunk.RawOffset)
				return err
			},
		} {
			if name != "alone" && what != "one" && what != "written" {
				continue
			}
			for _, workers := range []int{1, 2} {
				c := &coded{over: make(chan struct{})}
				a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil, WithWorkers(workers), WithContext(progress.With(t.Context(), c.told)))
				if err != nil {
					t.Fatal(err)
				}
				if err := do(a); err != nil && err != gone {
					t.Errorf("%s, %s, %d workers: %v", name, what, workers, err)
				}
				close(c.over)
				a.Close()
				// Others decode ahead, up to where they are held up.
				if got, most := c.total.Load(), int64(primer+workers*(mib+2*slack)); got == 0 || got > most {
					t.Errorf("%s, %s, %d workers: %d bytes were decoded, want at most %d", name, what, workers, got, most)
				}
			}
		}
	}
}

// To count the lines that do not match takes no chunk twice.
func TestInvertedCountDecodesOnce(t *testing.T) {
	content, archives := inPrefixes(t)
	c := &coded{over: make(chan struct{})}
	close(c.over)
	a, err := Open(bytes.NewReader(archives["alone"]), int64(len(archives["alone"])), nil, WithWorkers(1), WithContext(progress.With(t.Context(), c.told)))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	p, _ := search.Compile("INFO|^[0-9]", search.Options{})
	if _, err := a.Search(Search{Pattern: p, Invert: true}); err != nil {
		t.Fatal(err)
	}
	if n := c.total.Load(); n == 0 || n > int64(len(content)) {
		t.Errorf("%d bytes were decoded of %d", n, len(content))
	}
}

// Who closes the archive is told of nothing any more, though much of a chunk may be known.
func TestCloseWithinChunk(t *testing.T) {
	_, archives := inPrefixes(t)
	every, _ := search.Compile("", search.Options{})
	for _, workers := range []int{1, 2} {
		a, err := Open(bytes.NewReader(archives["two"]), int64(len(archives["two"])), nil, WithWorkers(workers))
		if err != nil {
			t.Fatal(err)
		}
		told := int64(0)
		_, err = a.Search(Search{Pattern: every, Found: func(l Line) error {
			if told++; told == 1 {
				time.Sleep(time.Millisecond) // more may come meanwhile
				a.Close()
			}
			return nil
		}})
		if !errors.Is(err, ErrClosed) || told > a.Lines()/2 {
			t.Errorf("%d workers: %v, told of %d lines of %d", workers, err, told, a.Lines())
		}
	}
}

// searchFor searches, and makes sure of how many lines it is told of; Found returns err.
func searchFor(pattern string, s Search, lines int, err error) func(a *Archive) error {
	return func(a *Archive) error {
		p, wrong := search.Compile(pattern, search.Options{})
		if wrong != nil {
			return wrong
		}
		told := 0
		s.Pattern, s.Found = p, func(Line) error {
			told++
			return err
		}
		found, failed := a.Search(s)
		if told != lines || failed == nil && found.Lines != s.Max {
			return fmt.Errorf("told of %d lines, want %d; %+v, %w", told, lines, found, failed)
		}
		return failed
	}
}

// leaving is a reader that goes away behind so many bytes.
type leaving struct {
	left int
	err  error
}

func (l *leaving) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, l.err
	}
	return len(p), nil
}

// Who wants all of a chunk gets it, also if somebody else has it decoded meanwhile, and leaves.
func TestUnfinishedChunks(t *testing.T) {
	content, archives := inPrefixes(t)
	a := openBytes(t, archives["alone"], WithWorkers(2), WithCache(0))
	begun, leave := make(chan struct{}), make(chan struct{})
	left := make(chan error)
	go func() {
		_, err := a.WriteRange(writer(func(p []byte) (int, error) {
			close(begun)
			<-leave
			return 0, io.ErrClosedPipe
		}), 0, int64(len(content)))
		left <- err
	}()
	<-begun
	wanted := make(chan error)
	go func() {
		var all bytes.Buffer
		_, err := a.WriteTo(&all)
		if err == nil && !bytes.Equal(all.Bytes(), content) {
			err = errors.New("this is not the content")
		}
		wanted <- err
	}()
	close(leave)
	if err := <-left; err != io.ErrClosedPipe {
		t.Error(err)
	}
	if err := <-wanted; err != nil {
		t.Error(err)
	}
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// The lines of a chunk that cannot be decoded to its end are found as far as it can, and what is
// lost is what is behind that.
func TestSearchChunkLostBehindPrefix(t *testing.T) {
	content, archives := inPrefixes(t)
	parts, err := damagetest.Take(slices.Concat(archives["alone"], archives["alone"]))
	if err != nil {
		t.Fatal(err)
	}
	parts[0].Records[0].CRC32C ^= 1 // of the whole chunk
	archive := slices.Concat(damagetest.Build(parts[0]), damagetest.Build(parts[1]))
	size := int64(len(content))
	every, _ := search.Compile("", search.Options{})
	all := plainSearch(slices.Concat(content, content), every, false)
	for _, workers := range []int{1, 2} {
		a := openBytes(t, archive, WithWorkers(workers))
		var lost *LostError
		var lines []string
		found, err := a.Search(Search{Pattern: every, Found: func(l Line) error {
			lines = append(lines, fmt.Sprintf("%d:%d:%s", l.Number, l.Offset, l.Text))
			return nil
		}, Damaged: func(e *LostError) error {
			lost = e
			return nil
		}})
		if err != nil || lost == nil || lost.Offset%mib != 0 || lost.Offset+lost.Size != size || found.Lines != int64(len(lines)) {
			t.Fatalf("%v, lost %+v, %d lines, told of %d", err, lost, found.Lines, len(lines))
		}
		before := plainSearch(content[:lost.Offset], every, false)
		if want := slices.Concat(before, all[len(all)/2:]); !slices.Equal(lines, want) {
			t.Fatalf("%d lines, want %d: %s", len(lines), len(want), cmp.Diff(want[:min(3, len(want))], lines[:min(3, len(lines))]))
		}
		var out bytes.Buffer
		n, err := a.WriteRange(&out, 0, size)
		if !errors.As(err, &lost) || n != int64(out.Len()) || lost.Offset != n || lost.Offset+lost.Size != size || !bytes.Equal(out.Bytes(), content[:n]) {
			t.Errorf("%d bytes, %v, lost %+v", n, err, lost)
		}
	}
}

// A search that gets chunks in prefixes finds what one does that gets them as a whole.
func TestSearchInPrefixes(t *testing.T) {
	for name, tt := range searched(t) {
		if name == "lm" || name == "no footer" {
			continue
		}
		a := openBytes(t, tt.archive, WithWorkers(1), WithDictionaries(DictionarySet(searchedDictionary(tt.content))))
		rapid.Check(t, func(t *rapid.T) {
			pattern := rapid.SampledFrom([]string{"session", "Kelvin", "many words", "10.0.3.1", "user root", "^$", "29", "", "absent"}).Draw(t, "pattern")
			p, err := search.Compile(pattern, search.Options{})
			if err != nil {
				t.Fatal(err)
			}
			few := rapid.Int64Range(0, 5)
			s := Search{Pattern: p, Invert: rapid.IntRange(0, 9).Draw(t, "invert") == 0, Before: few.Draw(t, "before"), After: few.Draw(t, "after"), Max: few.Draw(t, "max")}
			var want, got []string
			tell := func(to *[]string) func(Line) error {
				return func(l Line) error {
					*to = append(*to, fmt.Sprintf("%v:%d:%d:%s", l.Context, l.Number, l.Offset, l.Text))
					return nil
				}
			}
			s.Found = tell(&want)
			found, err := a.Search(s)
			if err != nil {
				t.Fatal(err)
			}
			s.Found = tell(&got)
			l := &lineSearch{Search: s, archive: a, within: true}
			seed := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 0))
			give := func(at spot, raw []byte, err error) error {
				for cut := 0; err == nil && seed.IntN(3) > 0; {
					if cut += 1 + seed.IntN(len(raw)); cut >= len(raw) {
						break
					}
					if err := l.chunk(at, raw[:cut:cut], nil); err != nil {
						return err
					}
				}
				return l.chunk(at, raw, err)
			}
			query := p.Query()
			if s.Invert {
				query = &gram.Query{}
			}
			err = a.visit(a.candidates(query, nil, new(Found)), true, give)
			if err == nil {
				err = l.end(a.Size())
			}
			if err == errEnough {
				err = l.follow(a.Size())
			}
			if err != nil || l.found != found.Lines || !slices.Equal(got, want) {
				t.Fatalf("%s, %q, %+v: %v, %d lines, want %d: %s", name, pattern, s, err, l.found, found.Lines, cmp.Diff(want, got))
			}
		})
	}
}
