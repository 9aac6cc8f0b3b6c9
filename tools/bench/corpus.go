//go:build unix && !386 && !arm

package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Other compressors: the columns of baselines.tsv and strong.tsv that are shown, and kanzi, which is
// run.
const (
	zstd22 = "zstd -22 --long=27"
	xz9    = "xz -9e"
	ppmd   = "7z PPMd:mem=256m:o=16"
	zpaq5  = "zpaq -m5"
	kanzi8 = "kanzi -8"
	kanzi9 = "kanzi -9"
	paq8   = "paq8px v216 -8"
)

var others = []string{zstd22, xz9, ppmd, zpaq5, kanzi8, kanzi9, paq8}

// benchFile is a file of the benchmark.
type benchFile struct {
	name   string // below the folder, as logs/Linux.log
	bytes  int64
	others map[string]int64 // sizes by other compressors
}

func (f *benchFile) in(folder string) bool { return strings.HasPrefix(f.name, folder+"/") }

// prose says whether the file is one of the four novels and poems.
func (f *benchFile) prose() bool {
	switch f.name {
	case "text/dickens", "text/alice29.txt", "text/lcet10.txt", "text/plrabn12.txt":
		return true
	}
	return false
}

// read reads the first n bytes of the file, or all of it when it has fewer or n is 0.
func (f *benchFile) read(o *options, n int) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(o.data, f.name))
	if err == nil && int64(len(b)) != f.bytes {
		err = fmt.Errorf("%s has %d bytes, baselines.tsv says %d", f.name, len(b), f.bytes)
	}
	if n > 0 {
		b = b[:min(n, len(b))]
	}
	return b, err
}

// corpus lists the files of baselines.tsv, in its order.
func corpus(o *options) ([]*benchFile, error) {
	var files []*benchFile
	err := readTSV(filepath.Join(o.data, "baselines.tsv"), func(name string, sizes map[string]int64) error {
		if strings.HasPrefix(name, o.files) {
			files = append(files, &benchFile{name, sizes["bytes"], sizes})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = readTSV(filepath.Join(o.data, "strong.tsv"), func(name string, sizes map[string]int64) error {
		for _, f := range files {
			if f.name == name {
				f.others[paq8] = sizes[paq8]
			}
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no file of %s begins with %q", filepath.Join(o.data, "baselines.tsv"), o.files)
	}
	return files, nil
}

// each runs f for the files, small ones first, on all cores. It changes no size.
func each(files []*benchFile, f func(*benchFile) error) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, file := range slices.SortedStableFunc(slices.Values(files), func(a, b *benchFile) int { return cmp.Compare(a.bytes, b.bytes) }) {
		group.Go(func() error {
			if err := f(file); err != nil {
				return fmt.Errorf("%s: %w", file.name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// readTSV calls row with the first column, and the numbers of the others by their names.
func readTSV(path string, row func(first string, numbers map[string]int64) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var head []string
	s := bufio.NewScanner(f)
	for line := 1; s.Scan(); line++ {
		fields := strings.Split(s.Text(), "\t")
		if head == nil {
			head = fields
			continue
		}
		if len(fields) != len(head) {
			return fmt.Errorf("%s:%d: %d fields, the head has %d", path, line, len(fields), len(head))
		}
		numbers := make(map[string]int64)
		for i := 1; i < len(fields); i++ {
			if numbers[head[i]], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
				return fmt.Errorf("%s:%d: %w", path, line, err)
			}
		}
		if err := row(fields[0], numbers); err != nil {
			return err
		}
	}
	return s.Err()
}
