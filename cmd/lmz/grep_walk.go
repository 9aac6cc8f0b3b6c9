package main

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
)

// walk puts in the place of folders the files in them, whose names are written then.
func (c *grepCommand) walk(names []string) (files []string) {
	fail := func(name string, err error) {
		c.failed.Store(true)
		if !c.noMessages {
			c.ui.Failure(ui.InFile(name, err))
		}
	}
	for _, name := range names {
		name = remote.Path(name)
		if remote.IsURL(name) {
			wanted := func(below string) bool { return !withParents(path.Dir(below), c.chosen.leaveFolder) }
			for _, l := range objectsBelow(name, wanted, func(err error) { fail(name, err) }) {
				files = append(files, l.URL)
				c.names = c.names || l.Below != ""
			}
			continue
		}
		if !isFolder(name) {
			files = append(files, name)
			continue
		}
		c.names = true
		in := name + "/"
		switch {
		case c.atHand:
			in = ""
		case strings.HasSuffix(name, "/"):
			in = name
		}
		wanted := func(_ string, d fs.DirEntry) bool { return !d.IsDir() || !c.chosen.leaveFolder(d.Name()) }
		for _, below := range filesBelow(name, c.follows, wanted, func(below string, err error) { fail(path.Clean(in+below), err) }) {
			files = append(files, in+below)
		}
	}
	return files
}

// globs are what --include and --exclude say about the last part of names, in order, and
// --exclude-dir about those of folders.
type globs struct {
	files   []glob
	folders []string
}

type glob struct {
	pattern string
	include bool
}

func (g *globs) addFlags(f *pflag.FlagSet) {
	add := func(name, usage string, to func(string)) {
		f.Func(name, usage, func(pattern string) error {
			if _, err := path.Match(pattern, ""); err != nil {
				return errors.New("want a pattern of names such as '*.log'")
			}
			to(pattern)
			return nil
		})
	}
	add("include", "search only files whose names match `GLOB`; the last one of these and --exclude that matches counts", func(p string) { g.files = append(g.files, glob{p, true}) })
	add("exclude", "leave out files whose names match `GLOB`", func(p string) { g.files = append(g.files, glob{p, false}) })
	f.Func("exclude-from", "leave out files whose names match a glob of this `FILE`, which has one on each line", func(name string) error {
		text, err := readAll(name)
		for line := range bytes.Lines(text) {
			if pattern := string(bytes.TrimSpace(line)); pattern != "" {
				g.files = append(g.files, glob{pattern, false})
			}
		}
		return err
	})
	add("exclude-dir", "with -r, leave out folders whose names match `GLOB`", func(p string) { g.folders = append(g.folders, p) })
}

// leaveFile says whether a file is not to be searched.
func (g *globs) leaveFile(name string) bool {
	if remote.IsURL(name) {
		name = remote.Key(name)
	}
	leave := len(g.files) > 0 && g.files[0].include
	for _, glob := range g.files {
		if ok, _ := path.Match(glob.pattern, path.Base(name)); ok {
			leave = !glob.include
		}
	}
	return leave
}

// leaveFolder is the same for a folder.
func (g *globs) leaveFolder(name string) bool {
	return slices.ContainsFunc(g.folders, func(pattern string) bool {
		ok, _ := path.Match(pattern, path.Base(name))
		return ok
	})
}
