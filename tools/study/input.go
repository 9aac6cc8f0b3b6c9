//go:build unix

package main

import (
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// input is a file, or the head of one, that is measured.
type input struct {
	name  string // as logs/Linux.log
	class string // as logs: its first folder
	data  []byte
}

// Files of a class that are read, the first ones by name, and bytes of a class at most, unless
// another number was asked for.
const (
	quickFiles, quickBytes = 2, 24 << 10
	fullFiles, fullBytes   = 3, 192 << 10
)

// own are files of this project, which are always there, by class.
var own = []struct{ class, pattern string }{
	{"text", "docs/*.md"},
	{"logs", "testdata/*.log"},
	{"source", "internal/mix/*.go"},
}

// load reads the inputs: files of the data folder, or of this project, then media.
func (s *study) load() ([]input, error) {
	count := fullFiles
	if s.quick {
		count = quickFiles
	}
	var paths []input // without data
	if s.data == "" || s.quick {
		root, err := projectRoot()
		if err != nil {
			return nil, err
		}
		for _, o := range own {
			found, err := filepath.Glob(filepath.Join(root, o.pattern))
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				paths = append(paths, input{name: f, class: o.class})
			}
		}
	} else if err := filepath.WalkDir(s.data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			relative, _ := filepath.Rel(s.data, path)
			if folder, _, ok := strings.Cut(relative, string(filepath.Separator)); ok {
				paths = append(paths, input{name: path, class: folder})
			}
		}
		return err
	}); err != nil {
		return nil, err
	}
	var inputs []input
	for class := range classesOf(paths) {
		some := ofClass(paths, class)
		some, err := readFairly(some[:min(count, len(some))], s.bytes)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, some...)
	}
	media, err := s.loadMedia(s.bytes)
	return append(inputs, media...), err
}

// readFairly reads the files that inputs name, most bytes in all: small ones whole, and the same of
// each larger one. Empty ones are left out.
func readFairly(files []input, most int) ([]input, error) {
	sizes := make([]int, len(files))
	for i, f := range files {
		info, err := os.Stat(f.name)
		if err != nil {
			return nil, err
		}
		sizes[i] = int(min(info.Size(), int64(most)))
	}
	share := fairShare(sizes, most)
	var inputs []input
	for _, f := range files {
		data, err := readHead(f.name, share)
		if err != nil {
			return nil, err
		}
		if len(data) > 0 {
			inputs = append(inputs, input{f.class + "/" + filepath.Base(f.name), f.class, data})
		}
	}
	return inputs, nil
}

// fairShare is how much each of these may have at most so that all of them have no more than most.
func fairShare(sizes []int, most int) (share int) {
	sizes = slices.Sorted(slices.Values(sizes))
	for i, n := range sizes {
		share = most / (len(sizes) - i)
		if n >= share {
			return share
		}
		most -= n
	}
	return math.MaxInt
}

// of gives the inputs of a class.
func (s *study) of(class string) []input { return ofClass(s.inputs, class) }

func ofClass(inputs []input, class string) (some []input) {
	for _, in := range inputs {
		if in.class == class {
			some = append(some, in)
		}
	}
	return some
}

// classes lists the classes of inputs in their order.
func (s *study) classes() []string { return slices.Collect(classesOf(s.inputs)) }

func classesOf(inputs []input) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := make(map[string]bool)
		for _, in := range inputs {
			if !seen[in.class] {
				seen[in.class] = true
				if !yield(in.class) {
					return
				}
			}
		}
	}
}

// main are the two classes that all tables look at: text and logs, or the first ones.
func (s *study) main() []string {
	classes := s.classes()
	for _, class := range []string{"logs", "text"} {
		if i := slices.Index(classes, class); i >= 0 {
			classes = slices.Insert(slices.Delete(classes, i, i+1), 0, class)
		}
	}
	return classes[:min(2, len(classes))]
}

func namesOf(inputs []input) string {
	var list []string
	for _, in := range inputs {
		list = append(list, filepath.Base(in.name))
	}
	return strings.Join(list, ", ")
}

// total is the number of bytes of inputs.
func total(inputs []input) (n int64) {
	for _, in := range inputs {
		n += int64(len(in.data))
	}
	return n
}

// readHead reads at most n bytes of a file; a longer one is cut behind a line end if there is one
// near.
func readHead(path string, n int) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil || len(data) <= n {
		return data, err
	}
	data = data[:n]
	if i := strings.LastIndexByte(string(data[n-min(n, 4096):]), '\n'); i >= 0 {
		data = data[:n-min(n, 4096)+i+1]
	}
	return data, nil
}

// projectRoot is the folder of this project above the working directory.
func projectRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", &fs.PathError{Op: "find", Path: "go.work", Err: fs.ErrNotExist}
		}
		dir = filepath.Dir(dir)
	}
}
