package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
)

// app is one run of the command: what all commands share.
type app struct {
	ui      *ui.UI
	files   *file.Set
	signals *signals
	backend models.Backend
	store   *models.Store // opened when the flags are known

	model  string // of -m
	class  string
	device string // of --device
	json   bool

	exactDevice bool // class exact is computed on a GPU

	folders string // what is done with folders instead of skipping them; empty: nothing

	undone []string // flags that undo those of LMZ_OPT

	noWarn bool // -Q: what is skipped does not change the exit code

	report report // with --json

	listed map[string]int64 // sizes of objects, by their URLs, that were found below others

	alone  atomic.Bool // the model that flags ask for cannot be had, which has been said
	failed atomic.Bool // some file failed
	warned atomic.Bool // some file was skipped
}

func newApp(backend models.Backend) *app {
	a := &app{ui: ui.New(os.Stderr, hintFor), files: new(file.Set), backend: backend, listed: map[string]int64{}}
	a.signals = &signals{ui: a.ui, files: a.files}
	return a
}

// addFlags defines the flags that all commands have.
func (a *app) addFlags(f *pflag.FlagSet) {
	addRepeated(f, &a.ui.Quiet, "quiet", "q", "no warnings and no progress bar; twice: no errors")
	addRepeated(f, &a.ui.Verbose, "verbose", "v", "say what is done; twice: also what libllama says")
	f.BoolVar(&a.ui.NoProgress, "no-progress", false, "draw no progress bar")
}

// The flags that some commands share.

func (a *app) addModel(f *pflag.FlagSet) {
	f.StringVarP(&a.model, "model", "m", "", "compress with this `MODEL` at any preset: a GGUF file, the name of one that lmz model list shows, or embedded (what presets take); to decompress: a place to look as well")
}

// addModelPlace is addModel for commands that only read archives.
func (a *app) addModelPlace(f *pflag.FlagSet) {
	f.StringVarP(&a.model, "model", "m", "", "a `PLACE` to look for models that archives were written with: a file or a folder")
}

// addClass defines what says where a model is computed, and how.
func (a *app) addClass(f *pflag.FlagSet) {
	f.StringVar(&a.class, "class", "", "numeric `CLASS` to compute a model in: exact, which any machine can decompress, or one of libllama (default exact for small models such as the embedded ones, else avx2 on x86-64)")
	f.StringVar(&a.device, "device", "", `compute the model of -m on this GPU (`+"`NAME`"+`), which stands for its --class with 63 lanes (7 in software); with "-L127" behind it, with 127. With --class exact a part of the name is enough, and the bits are those of every machine. "list" lists the GPUs`)
}

func (a *app) addJSON(f *pflag.FlagSet) {
	f.BoolVar(&a.json, "json", false, "print what comes of it as JSON")
}

func (a *app) openStore() {
	path := models.SearchPath()
	inside := embedded.Models()
	if _, err := os.Stat(a.model); err == nil && a.model != models.EmbeddedName &&
		!slices.ContainsFunc(inside, func(m models.Embedded) bool { return m.Name == a.model }) {
		path = append([]string{a.model}, path...)
	}
	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "lmz")
	}
	llama.SetLogger(a.ui.Logger())
	a.store = models.NewStore(models.Options{Embedded: inside, Path: path, CacheDir: cache, Backend: a.backend})
}

func (a *app) close() {
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			a.ui.Warning("", "%v", err)
		}
	}
}

// checkModel finds a -m that names nothing. Also to decompress, where it is one more place to look,
// it must at least be there; place says that it may be a folder of models then.
func (a *app) checkModel(place bool) error {
	if a.model == "" || place && isFolder(a.model) {
		return nil
	}
	f, err := a.store.Locate(a.model)
	if err != nil {
		return ui.Usage(err.Error(), hintFor(err))
	}
	if !f.Embedded() {
		a.files.Keep(f.Path)
	}
	return nil
}

// openModelFile opens a model in a class.
func (a *app) openModelFile(ctx context.Context, f models.File, class string) (lm.Model, error) {
	if f.Embedded() {
		return a.store.Open(ctx, f.Name(), class)
	}
	path := f.Path
	if !filepath.IsAbs(path) { // never one of the names that come before paths
		path = "." + string(filepath.Separator) + path
	}
	return a.store.Open(ctx, path, class)
}

// checkStdout fails, before anything is done, if nobody could read what a command prints.
func (a *app) checkStdout() error {
	_, err := file.Stdout()
	return err
}

// each runs do on every file; one that fails does not keep the others from being tried.
func (a *app) each(files []string, do func(name string) error) {
	for _, name := range files {
		err := do(name)
		var skip *ui.SkipError
		switch {
		case errors.As(err, &skip):
			if skip == file.ErrFolder && a.folders != "" {
				skip = ui.Skip(skip.Error(), a.folders)
			}
			a.warned.Store(true)
			if skip.Done {
				a.outcome(name).kept(skip)
				a.ui.Warning(skip.Hint(), "%s: %v", ui.Input(name), skip)
				continue
			}
			a.outcome(name).skipped(skip)
			a.ui.Warning(skip.Hint(), "%s: %v: skipped", ui.Input(name), skip)
		case err != nil:
			a.signals.diePiped(err)
			if errors.Is(err, stream.ErrNotArchive) {
				err = ofOther(name, err)
			}
			a.failed.Store(true)
			a.outcome(name).failed(err)
			if model := new(modelError); name == "-" && errors.As(err, &model) {
				a.ui.Failure(err)
				continue
			}
			a.ui.Failure(ui.InFile(name, err))
		}
	}
}

// modelError is about the model of -m, not about the file to compress.
type modelError struct{ error }

func (e *modelError) Unwrap() error { return e.error }

// create opens the output called name, "-" for standard output. src is what it is made from.
func (a *app) create(name string, src *file.Source, how file.Manner) (*file.Output, error) {
	if name == "-" {
		a.ui.ToStdout(term.IsTerminal(1))
	}
	out, err := a.files.Create(name, src, how)
	if errors.Is(err, file.ErrExists) && !src.Stdin && a.ui.CanAsk() {
		if !a.ui.Ask(name + " exists already: overwrite it?") {
			return nil, ui.Skip(name+" exists already", "")
		}
		how.Force = true
		return a.files.Create(name, src, how)
	}
	return out, err
}

// createArchive is create for compressed data, which a terminal gets only if forced.
func (a *app) createArchive(name string, src *file.Source, how file.Manner) (*file.Output, error) {
	if name == "-" && !how.Force && term.IsTerminal(1) {
		return nil, ui.Hinted("refusing to write compressed data to a terminal", "redirect it, or give -o FILE, or force it with -f")
	}
	return a.create(name, src, how)
}

// repaired tells of damage to an archive that does no harm yet.
func (a *app) repaired(name string, damage error) {
	a.ui.Warning(mendedHint, "%v", ui.InFile(name, damage))
}
