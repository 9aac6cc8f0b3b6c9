package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/folder"
	"github.com/lmz-go/lmz/internal/remote"
)

// sources is what flags say about which files are meant.
type sources struct {
	recursive bool
	list      string // of --files0
	exclude   []string
}

func (s *sources) addFlags(f *pflag.FlagSet) {
	f.BoolVarP(&s.recursive, "recursive", "r", false, "take all files of folders, or objects below URLs: to compress, those whose names do not end in "+suffix+", else those whose names do; links in them are not followed")
	f.StringVar(&s.list, "files0", "", `take also the files that a `+"`LIST`"+` names, each with a zero byte behind it as find -print0 writes them ("-": standard input)`)
	f.StringArrayVar(&s.exclude, "exclude", nil, "leave out files and folders that match this `PATTERN` of a shell, by their name or, with a slash in it, by their path below the folder that is given; several may be given")
}

// many says whether files come from elsewhere than the command line.
func (s *sources) many() bool { return s.recursive || s.list != "" }

func (s *sources) check() error {
	for _, pattern := range s.exclude {
		if _, err := path.Match(pattern, ""); err != nil {
			return ui.Usage("--exclude "+pattern+": "+err.Error(), "")
		}
	}
	return nil
}

// expand gives the names of all files: of the arguments, the list, and the folders among these.
// archives says which files of folders are meant, those of which isArchive holds or the others.
func (s *sources) expand(a *app, names []string, archives bool, isArchive func(name string) bool) (files []string, err error) {
	if s.list != "" {
		listed, err := s.listed()
		if err != nil {
			return nil, ui.InFile(s.list, err)
		}
		names = append(names, listed...)
	}
	fail := func(name string, err error) {
		a.failed.Store(true)
		a.ui.Failure(ui.InFile(name, err))
	}
	for _, name := range names {
		name = remote.Path(name)
		if s.recursive && remote.IsURL(name) {
			wanted := func(below string) bool { return isArchive(below) == archives && !withParents(below, s.excluded) }
			for _, l := range objectsBelow(name, wanted, func(err error) { fail(name, err) }) {
				files = append(files, l.URL)
				a.listed[l.URL] = l.Size
			}
			continue
		}
		if !s.recursive || !isFolder(name) {
			if name == "-" || !s.excluded(filepath.ToSlash(name)) {
				files = append(files, name)
			}
			continue
		}
		wanted := func(below string, d fs.DirEntry) bool {
			return !s.excluded(below) && (d.IsDir() || isArchive(below) == archives && !folder.Unfinished(below, isArchive))
		}
		found := filesBelow(name, false, wanted, func(below string, err error) { fail(filepath.Join(name, below), err) })
		if len(found) == 0 && archives { // all of none are good, where a disk is not mounted
			a.ui.Warning("", "%s: there are no archives in it", ui.Input(name))
		}
		for _, below := range found {
			files = append(files, filepath.Join(name, below))
		}
	}
	return files, nil
}

// withParents says whether is holds for a path or a folder that it is in.
func withParents(below string, is func(below string) bool) bool {
	for ; below != "." && below != "/"; below = path.Dir(below) {
		if is(below) {
			return true
		}
	}
	return false
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return name != "-" && err == nil && info.IsDir()
}

// filesBelow gives the regular files in a folder, or in that which a link of this name leads to, by
// their paths below it, and with follow those that links in it lead to. What is not wanted is left
// out, a folder with all that is in it; fail is told of what cannot be read.
func filesBelow(folder string, follow bool, wanted func(below string, d fs.DirEntry) bool, fail func(below string, err error)) (files []string) {
	var walk func(in string)
	walk = func(in string) {
		_ = fs.WalkDir(os.DirFS(filepath.Join(folder, in)), ".", func(below string, d fs.DirEntry, err error) error {
			below = path.Join(in, below)
			link := err == nil && follow && d.Type()&fs.ModeSymlink != 0
			if link {
				d = followed(folder, below)
			}
			switch {
			case err != nil:
				if path := new(fs.PathError); errors.As(err, &path) { // which knows but the end of the path
					err = &fs.PathError{Op: path.Op, Path: filepath.Join(folder, below), Err: path.Err}
				}
				fail(below, err)
			case d == nil: // a loop
			case below != in && !wanted(below, d):
				if d.IsDir() && !link {
					return fs.SkipDir
				}
			case link && d.IsDir():
				walk(below)
			case d.Type().IsRegular():
				files = append(files, below)
			}
			return nil
		})
	}
	walk(".")
	return files
}

// followed is what a link in a folder leads to: a file, that may not be there, a folder, or nothing
// where that is one that the link is in.
func followed(folder, below string) fs.DirEntry {
	info, err := os.Stat(filepath.Join(folder, below))
	if err != nil {
		return missing(path.Base(below))
	}
	for up := below; info.IsDir() && up != "."; {
		up = path.Dir(up)
		if outer, err := os.Stat(filepath.Join(folder, up)); err == nil && os.SameFile(info, outer) {
			return nil
		}
	}
	return fs.FileInfoToDirEntry(info)
}

// missing is the entry of a link that leads to nothing, which opening it says.
type missing string

func (m missing) Name() string             { return string(m) }
func (missing) IsDir() bool                { return false }
func (missing) Type() fs.FileMode          { return 0 }
func (missing) Info() (fs.FileInfo, error) { return nil, fs.ErrNotExist }

// objectsBelow gives the objects below a URL that are wanted, or the URL itself, with nothing
// behind it and a size of -1, where there are none. fail is told why they cannot be listed.
func objectsBelow(url string, wanted func(below string) bool, fail func(error)) []remote.Listed {
	all, err := file.Below(url)
	switch {
	case err != nil:
		fail(err)
	case len(all) == 0:
		return []remote.Listed{{URL: url, Size: -1}}
	}
	return slices.DeleteFunc(all, func(l remote.Listed) bool { return !wanted(l.Below) })
}

// listed gives the names that --files0 lists.
func (s *sources) listed() (names []string, err error) {
	text, err := readAll(s.list)
	for name := range bytes.SplitSeq(text, []byte{0}) {
		if len(name) > 0 {
			names = append(names, string(name))
		}
	}
	return names, err
}

// readAll gives what is in a file or an object, "-" for standard input.
func readAll(name string) ([]byte, error) {
	src, err := file.Open(name, true)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return io.ReadAll(src)
}

// excluded says whether a file or folder is left out.
func (s *sources) excluded(below string) bool {
	for _, pattern := range s.exclude {
		text := path.Base(below)
		if strings.Contains(pattern, "/") {
			text = below
		}
		if matches, _ := path.Match(strings.TrimPrefix(pattern, "/"), text); matches {
			return true
		}
	}
	return false
}

// mirrored is where --output-dir has what a file or an object becomes: under the path by which the
// file is named, or the object's key.
func mirrored(dir, name string) (string, error) {
	below := filepath.ToSlash(strings.TrimPrefix(filepath.Clean(name), filepath.VolumeName(name)))
	if remote.IsURL(name) {
		below = path.Clean(remote.Key(name))
	}
	below = strings.TrimLeft(below, "/")
	if !filepath.IsLocal(below) {
		return "", ui.Skip("is outside of the folder that lmz runs in", "with --output-dir, name files without ..")
	}
	if remote.IsURL(dir) {
		return remote.Below(dir, below), nil
	}
	return filepath.Join(remote.Path(dir), filepath.FromSlash(below)), nil
}
