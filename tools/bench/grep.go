//go:build unix && !386 && !arm

package main

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lmz-go/lmz/search"
	"github.com/lmz-go/lmz/stream"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

// searchedLogs are the files of the table grep.
var searchedLogs = []string{"logs/Apache.log", "logs/k8s-trainticket.csv", "logs/windows-events.json"}

// searchedBytes is how much of each file is searched.
const searchedBytes = 3 << 20

// absentWords are what operators look for, and mostly do not find.
var absentWords = []string{
	"segfault", "kernel panic", "oom-killer", "traceback", "deadlock", "unreachable", "certificate expired", "disk full", "core dumped",
	"stack overflow", "connection reset by peer", "too many open files", "read-only file system", "checksum mismatch", "unauthorized",
	"10.99.98.97", "deadbeefcafe", "f47ac10b-58cc-4372",
}

// grep measures what filters cost and how many chunks they spare a search.
func grep(o *options) error {
	files, err := corpus(o)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "## Search\n\nThe first %d MiB of logs at -1: what the filters add to the archive; of the chunks that do not have a word, how many `lmz grep -F -c` skips, "+
		"on average of up to 30 words of letters and 30 with digits that 1 to 5 %% of the chunks have, and of %d that none has; and the CPU time of a search for one of these, and for "+
		"one that most lines have, as part of the time for decompressing and searching it all.\n\n", searchedBytes>>20, len(absentWords))
	t := markdown{head: []string{"file", "chunks", "filters, %", "rare words skip, %", "rare numbers skip, %", "absent skip, %", "time, rare", "time, absent", "time, frequent"}}
	for _, chunk := range []int{64 << 10, 1 << 20} {
		for _, f := range files {
			if !slices.Contains(searchedLogs, f.name) {
				continue
			}
			row, err := grepRow(o, f, chunk)
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			o.progress("grep: %s", strings.Join(row, ", "))
			t.row(row...)
		}
	}
	t.print(o.out)
	return nil
}

func grepRow(o *options, f *benchFile, chunk int) ([]string, error) {
	data, err := f.read(o, searchedBytes)
	if err != nil {
		return nil, err
	}
	opts := []stream.WriterOption{stream.WithLevel(1), stream.WithChunkSize(chunk)}
	plain, err := compress(data, nil, append(opts, stream.WithFilter(false))...)
	if err != nil {
		return nil, err
	}
	archive, err := compress(data, nil, opts...)
	if err != nil {
		return nil, err
	}
	s, err := newSearched(data, archive)
	if err != nil {
		return nil, err
	}
	defer s.all.Close()
	letters, digits, frequent := s.words(regexp.MustCompile(`[A-Za-z]{5,}`)), s.words(regexp.MustCompile(`[0-9A-Za-z.:-]*[0-9][0-9A-Za-z.:-]{7,}`)), s.frequent()
	o.progress("grep: %s %d: %d and %d words, such as %q and %q; %q", f.name, chunk, len(letters), len(digits), first(letters), first(digits), frequent)
	row := []string{f.name, fmt.Sprintf("%d × %d KiB", len(s.chunks), chunk>>10), fmt.Sprintf("%.2f", 100*(float64(len(archive))/float64(len(plain))-1))}
	for _, words := range [][]string{letters, digits, absentWords} {
		share, err := s.skipped(words)
		if err != nil {
			return nil, err
		}
		row = append(row, share)
	}
	whole, err := searchTime(o, plain, "a text that no line has")
	if err != nil {
		return nil, err
	}
	for _, word := range []string{first(letters), absentWords[0], frequent} {
		if word == "" {
			row = append(row, none)
			continue
		}
		part, err := searchTime(o, archive, word)
		if err != nil {
			return nil, err
		}
		row = append(row, fmt.Sprintf("%.2f", float64(part)/float64(whole)))
	}
	return row, nil
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// searched is an archive with all chunks in memory.
type searched struct {
	data   []byte
	chunks []stream.Chunk
	all    *stream.Archive
}

func newSearched(data, archive []byte) (*searched, error) {
	frames, err := stream.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil, stream.WithCache(2*int64(len(data))))
	if err != nil {
		return nil, err
	}
	if _, err = a.ReadAt(make([]byte, len(data)), 0); err != nil {
		a.Close()
		return nil, err
	}
	return &searched{data, frames[0].Chunks, a}, nil
}

// with counts the chunks that have a word.
func (s *searched) with(word string) int {
	n := 0
	for _, c := range s.chunks {
		if bytes.Contains(s.data[c.RawOffset:c.RawOffset+c.RawSize], []byte(word)) {
			n++
		}
	}
	return n
}

// words are up to 30 words that few chunks have, chosen by their hash.
func (s *searched) words(re *regexp.Regexp) []string {
	seen := map[string]bool{}
	for _, w := range re.FindAll(s.data, -1) {
		seen[string(w)] = true
	}
	all := make([]string, 0, len(seen))
	for w := range seen {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b string) int {
		return int(int64(crc32.ChecksumIEEE([]byte(a))) - int64(crc32.ChecksumIEEE([]byte(b))))
	})
	var words []string
	for _, w := range all {
		if n := s.with(w); n > 0 && n <= max(1, len(s.chunks)/20) {
			words = append(words, w)
		}
		if len(words) == 30 {
			break
		}
	}
	return words
}

// frequent is a word that all chunks have.
func (s *searched) frequent() string {
	for _, w := range regexp.MustCompile(`[a-z]{4,}`).FindAll(s.data[:min(len(s.data), 1<<20)], -1) {
		if s.with(string(w)) == len(s.chunks) {
			return string(w)
		}
	}
	return ""
}

// skipped is the average share of chunks without a word that searches for it skip.
func (s *searched) skipped(words []string) (string, error) {
	skipped, without := int64(0), 0
	for _, w := range words {
		p, err := search.Compile(w, search.Options{Fixed: true})
		if err != nil {
			return "", err
		}
		found, err := s.all.Search(stream.Search{Pattern: p})
		if err != nil {
			return "", err
		}
		skipped += found.Skipped
		without += len(s.chunks) - s.with(w)
	}
	if without == 0 {
		return none, nil
	}
	return fmt.Sprintf("%.0f", 100*float64(skipped)/float64(without)), nil
}

// searchTime is the CPU time of opening an archive and counting the lines with a word.
func searchTime(o *options, archive []byte, word string) (time.Duration, error) {
	p, err := search.Compile(word, search.Options{Fixed: true})
	if err != nil {
		return 0, err
	}
	var times []time.Duration
	for range o.rounds() {
		t, err := cpu.Time(func() error {
			a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil, stream.WithWorkers(1))
			if err != nil {
				return err
			}
			defer a.Close()
			_, err = a.Search(stream.Search{Pattern: p})
			return err
		})
		if err != nil {
			return 0, err
		}
		times = append(times, t)
	}
	return median(times), nil
}
