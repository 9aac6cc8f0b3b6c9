package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
	"golang.org/x/term"
)

const suffix = ".lmz"

var errSameFile = errors.New("input and output are the same file")

// output is where the result of one source goes: a new file, which appears under its name only when it is complete, or
// standard output or a device, which are written as they are.
type output struct {
	name    string
	file    *os.File              // what is written to
	staged  *renameio.PendingFile // file, when it is to be renamed to name
	pending *pendingOutput
	force   bool
	live    bool // written under its name from the beginning
}

// createOutput opens the output called name, "-" for standard output.
func (a *app) createOutput(name string, src *source, binary bool) (*output, error) {
	if name == "-" {
		a.ui.busy = term.IsTerminal(int(os.Stdout.Fd()))
		if binary && !a.force && a.ui.busy {
			return nil, &hintedError{"refusing to write compressed data to a terminal", "redirect it, or give -o FILE, or force it with -f"}
		}
		if info, err := os.Stdout.Stat(); err == nil && sameRegular(info, src.info) {
			return nil, errSameFile
		}
		return &output{name: name, file: os.Stdout}, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case os.SameFile(info, src.info):
		return nil, errSameFile
	case info.IsDir():
		return nil, &hintedError{name + " is a folder", "-o takes the name of a file"}
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &output{name: name, file: f}, nil
	}
	o := &output{name: name, pending: &a.pending, force: a.force}
	if err := o.mayReplace(); err != nil {
		return nil, err
	}
	if a.flushEvery > 0 {
		return o, o.openLive(src)
	}
	// Private until complete; the temporary file lies in the same folder, so that renaming it is atomic.
	perm := fs.FileMode(0o600)
	if !src.regular() {
		perm = 0o666 // less the umask
	}
	if err := a.pending.create(o, renameio.WithTempDir(filepath.Dir(name)), renameio.WithPermissions(perm)); err != nil {
		return nil, err
	}
	return o, nil
}

func sameRegular(a, b fs.FileInfo) bool { return a.Mode().IsRegular() && os.SameFile(a, b) }

func (o *output) mayReplace() error {
	if _, err := os.Lstat(o.name); err == nil && !o.force {
		return &hintedError{o.name + " exists already", "overwrite it with -f, or give -o FILE"}
	}
	return nil
}

func (o *output) Write(p []byte) (int, error) { return o.file.Write(p) }

// commit makes the output appear under its name, with the mode, owner and times of the source.
func (o *output) commit(src *source) error {
	if o.staged == nil {
		if o.file == os.Stdout {
			return nil
		}
		if o.live && src.regular() {
			if err := copyAttributes(o.file, src.info); err != nil {
				return err
			}
		}
		if err := o.sync(); err != nil {
			return err
		}
		return o.file.Close()
	}
	if src.regular() {
		if err := copyAttributes(o.file, src.info); err != nil {
			return err
		}
	}
	if err := o.mayReplace(); err != nil {
		return err
	}
	return o.pending.commit()
}

// discard removes what commit has not made permanent.
func (o *output) discard() {
	if o.staged != nil {
		o.pending.discard()
	} else if o.file != os.Stdout {
		o.file.Close()
	}
}

// restrict takes away permissions that are not in mode.
func (o *output) restrict(mode fs.FileMode) error {
	info, err := o.file.Stat()
	if err != nil {
		return err
	}
	return o.file.Chmod(info.Mode().Perm() & (mode | 0o600))
}

// copyAttributes gives f the owner, if the user may, the mode and the times of a file.
func copyAttributes(f *os.File, info fs.FileInfo) error {
	mode := info.Mode().Perm()
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), -1)
		if f.Chown(-1, int(st.Gid)) != nil {
			// Another group: it must not get more than everybody has.
			mode &= 0o707 | mode&0o007<<3
		}
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	return os.Chtimes(f.Name(), info.ModTime(), info.ModTime())
}

// syncFolder makes a rename in the folder of the file at path durable.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// outputName is where the result goes when no option says so.
func (a *app) outputName(src *source) (string, error) {
	switch {
	case a.output != "":
		return a.output, nil
	case a.stdout || src.stdin:
		return "-", nil
	case a.mode == modeDecompress:
		base, ok := strings.CutSuffix(src.name, suffix)
		if !ok || base == "" || strings.HasSuffix(base, "/") {
			return "", &skipError{msg: "does not end in " + suffix, hint: "give the output's name with -o, or write to standard output with -c"}
		}
		return base, nil
	case strings.HasSuffix(src.name, suffix):
		return "", &skipError{msg: "ends in " + suffix + " already", hint: "decompress with -d; to compress it again give the output's name with -o"}
	}
	return src.name + suffix, nil
}
