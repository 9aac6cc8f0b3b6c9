//go:build unix

package main

import (
	"io/fs"
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

// Bytes of a file and of a class of files that are read at most.
const (
	quickHead, quickClass = 16 << 10, 32 << 10
	fullHead, fullClass   = 256 << 10, 1 << 20
)

// own are files of this project, which are always there, by class.
var own = []struct{ class, pattern string }{
	{"text", "docs/*.md"},
	{"logs", "testdata/*.log"},
	{"source", "internal/mix/*.go"},
}

// load reads the inputs: files of the data folder, or of this project, then media.
func (s *study) load() ([]input, error) {
	head, most := fullHead, fullClass
	if s.quick {
		head, most = quickHead, quickClass
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
	taken := make(map[string]int)
	for _, in := range paths {
		n := min(head, most-taken[in.class])
		if n <= 0 {
			continue
		}
		data, err := readHead(in.name, n)
		if err != nil {
			return nil, err
		}
		if len(data) == 0 {
			continue
		}
		taken[in.class] += len(data)
		inputs = append(inputs, input{in.class + "/" + filepath.Base(in.name), in.class, data})
	}
	media, err := s.loadMedia(head, most)
	return append(inputs, media...), err
}

// of gives the inputs of a class.
func (s *study) of(class string) []input {
	return slices.Collect(func(yield func(input) bool) {
		for _, in := range s.inputs {
			if in.class == class && !yield(in) {
				return
			}
		}
	})
}

// classes lists the classes of inputs in their order.
func (s *study) classes() []string {
	var list []string
	for _, in := range s.inputs {
		if !slices.Contains(list, in.class) {
			list = append(list, in.class)
		}
	}
	return list
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
