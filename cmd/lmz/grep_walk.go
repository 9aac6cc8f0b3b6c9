package main

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
)

// walk leaves out what the flags say, and with -r puts in the place of folders the files in them,
// whose names are written then.
func (c *grepCommand) walk(names []string) (files []string) {
	fail := func(name string, err error) {
		c.failed.Store(true)
		if !c.noMessages {
			c.ui.Failure(ui.InFile(name, err))
		}
	}
	for _, name := range names {
		if c.recursive {
			name = remote.Path(name)
		}
		folder := isFolder(name)
		switch {
		case c.recursive && remote.IsURL(name):
			files = append(files, c.walkObjects(name, fail)...)
			continue
		case name != "-" && !c.atHand && c.chosen.leave(name, folder):
			continue
		case !c.recursive || !folder:
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
		wanted := func(below string, d fs.DirEntry) bool { return !c.chosen.leave(path.Base(below), d.IsDir()) }
		for _, below := range filesBelow(name, c.follows, wanted, func(below string, err error) { fail(path.Clean(in+below), err) }) {
			files = append(files, in+below)
		}
	}
	return files
}

// walkObjects is walk for a URL.
func (c *grepCommand) walkObjects(url string, fail func(name string, err error)) (files []string) {
	leaveFolder := func(below string) bool { return c.chosen.leave(path.Base(below), true) }
	for _, l := range objectsBelow(url, func(string) bool { return true }, func(err error) { fail(url, err) }) {
		switch {
		case l.Below == "" && c.chosen.leave(url, false):
		case l.Below == "":
			files = append(files, l.URL)
		case !c.chosen.leave(url, true) && !c.chosen.leave(path.Base(l.Below), false) && !withParents(path.Dir(l.Below), leaveFolder):
			files = append(files, l.URL)
			c.names = true
		}
	}
	return files
}

// globs are what --include and --exclude say about names of files, in order, and --exclude-dir
// about those of folders.
type globs struct{ files, folders []glob }

type glob struct {
	pattern string // of path.Match
	include bool
}

func (g *globs) addFlags(f *pflag.FlagSet) {
	add := func(name, usage string, to func(string)) {
		f.Func(name, usage, func(pattern string) error {
			pattern = globSyntax.Replace(pattern)
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
			if pattern := globSyntax.Replace(string(bytes.TrimSpace(line))); pattern != "" {
				g.files = append(g.files, glob{pattern, false})
			}
		}
		return err
	})
	add("exclude-dir", "leave out folders whose names match `GLOB`", func(p string) {
		if trimmed := strings.TrimRight(p, slash); trimmed != "" {
			p = trimmed
		}
		g.folders = append(g.folders, glob{p, false})
	})
}

// slash stands for a slash in globs and names, where stars match it as well.
const slash = "\x00"

// globSyntax makes a pattern of path.Match of a glob.
var globSyntax = strings.NewReplacer("/", slash, "[!", "[^", "[:alnum:]", "0-9A-Za-z", "[:alpha:]", "A-Za-z", "[:blank:]", " \t", "[:digit:]", "0-9",
	"[:lower:]", "a-z", "[:space:]", "\t-\r ", "[:upper:]", "A-Z", "[:xdigit:]", "0-9A-Fa-f")

// leave says whether a file or folder is not to be searched. What stands behind a slash of its name
// may match as well as all of it.
func (g *globs) leave(name string, folder bool) bool {
	list := g.files
	if folder {
		list = g.folders
	}
	if remote.IsURL(name) {
		name = strings.TrimRight(remote.Key(name), "/")
	}
	name = strings.ReplaceAll(filepath.ToSlash(name), "/", slash)
	leave := len(list) > 0 && list[0].include
	for _, glob := range list {
		if glob.matches(name) {
			leave = !glob.include
		}
	}
	return leave
}

func (g glob) matches(name string) bool {
	for more := true; more; _, name, more = strings.Cut(name, slash) {
		if ok, _ := path.Match(g.pattern, name); ok {
			return true
		}
	}
	return false
}
