package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
)

type mode int

const (
	modeCompress mode = iota
	modeDecompress
	modeTest
	modeList
)

// options are what the flags say.
type options struct {
	mode      mode
	stdout    bool
	force     bool
	remove    bool
	json      bool
	output    string
	model     string
	class     string
	method    string
	workers   int
	lanes     int
	chunkSize byteSize
	memLimit  byteSize
}

// methods are the ways to compress that a user may choose.
var methods = map[string]codec.Method{"lm": codec.LM, "zstd": codec.Zstd, "raw": codec.Raw}

const longHelp = `Compress files with a language model, losslessly, and give them back.

Without FILE, or for FILE "-", lmz reads standard input and writes standard
output. FILE becomes FILE.lmz, with its mode and times; FILE itself is kept.
A file that is called as a command below is given as ./FILE.

Exit codes: 0 all went well; 1 something failed; 2 wrong usage, or a file was
skipped with a warning and nothing failed.`

const examples = `  lmz app.log                 compress app.log to app.log.lmz
  lmz -d app.log.lmz          give app.log back
  lmz --rm *.log              compress, compare with the originals, delete them
  lmz -dc a.lmz b.lmz | less  read archives
  tar c logs | lmz >logs.tar.lmz`

func newRootCommand(a *app, backend models.Backend) *cobra.Command {
	var decompress, test, list, keep bool
	root := &cobra.Command{
		Use:           "lmz [flags] [FILE]...",
		Short:         "Compress files with a language model, losslessly",
		Long:          longHelp,
		Example:       examples,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			a.store = a.newStore(backend)
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			switch {
			case decompress && test, decompress && list, test && list:
				return &usageError{"-d, -t and -l exclude each other", ""}
			case keep && a.remove:
				return &usageError{"-k and --rm exclude each other", ""}
			case decompress:
				a.mode = modeDecompress
			case test:
				a.mode = modeTest
			case list:
				a.mode = modeList
			}
			if len(files) == 0 {
				files = []string{"-"}
			}
			if err := a.check(files); err != nil {
				return err
			}
			ctx := cmd.Context()
			switch a.mode {
			case modeDecompress, modeTest:
				return a.each(files, func(name string) error { return a.decompress(ctx, name) })
			case modeList:
				return a.list(files)
			}
			return a.each(files, func(name string) error { return a.compress(ctx, name) })
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return &usageError{err.Error(), "see lmz --help"}
	})
	root.SetOut(os.Stdout)

	all := root.PersistentFlags()
	all.CountVarP(&a.ui.quiet, "quiet", "q", "no warnings and no progress bar; twice: no errors")
	all.CountVarP(&a.ui.verbose, "verbose", "v", "say what is done; twice: also what libllama says")
	all.StringVarP(&a.model, "model", "m", "", `model to compress with: a GGUF file, the name of one that "lmz model list" shows, or "embedded" (the default); to decompress: a place to look as well`)
	all.StringVar(&a.class, "class", "", "numeric class to compress in, which a machine must have to decompress (default avx2 on x86-64)")
	all.BoolVar(&a.json, "json", false, "print JSON (-l, model, version)")

	f := root.Flags()
	f.SortFlags = false
	f.BoolVarP(&decompress, "decompress", "d", false, "decompress")
	f.BoolVarP(&test, "test", "t", false, "decompress and check, write nothing")
	f.BoolVarP(&list, "list", "l", false, "list what archives hold, without decompressing; with -v also each chunk")
	f.BoolVarP(&a.stdout, "stdout", "c", false, "write to standard output")
	f.StringVarP(&a.output, "output", "o", "", `write to this file ("-" is standard output)`)
	f.BoolVarP(&a.force, "force", "f", false, "overwrite files; write compressed data to a terminal")
	f.BoolVarP(&keep, "keep", "k", false, "keep the source (the default)")
	f.BoolVar(&a.remove, "rm", false, "delete the source after success; when compressing, the archive is read back and compared first")
	f.IntVarP(&a.workers, "threads", "T", 0, "chunks coded at once, each on one core (0: all cores); changes no byte of the output")
	f.IntVar(&a.lanes, "lanes", 0, fmt.Sprintf("chunks each core steps through the model together (0: %d); changes no byte of the output", stream.DefaultLanes))
	f.StringVar(&a.method, "method", "lm", "how to compress: lm (the language model), zstd or raw (no model)")
	f.Var(&a.chunkSize, "chunk-size", "bytes of input in a chunk, the unit of parallel work and of damage (0: 64KiB with a model, else 1MiB)")
	f.Var(&a.memLimit, "memlimit", "refuse archives that need more memory than this to decompress (0: the default of 1GiB)")

	root.AddCommand(newModelCommand(a), newVersionCommand(a))
	return root
}

// check finds options that contradict each other before any file is touched.
func (a *app) check(files []string) error {
	_, known := methods[a.method]
	switch {
	case !known:
		return &usageError{fmt.Sprintf("unknown method %q", a.method), "methods are lm, zstd and raw"}
	case min(a.workers, a.lanes) < 0 || max(a.workers, a.lanes) > 4096:
		return &usageError{"-T and --lanes take 0 to 4096", ""}
	case a.output != "" && a.stdout:
		return &usageError{"-o and -c exclude each other", ""}
	case a.output != "" && len(files) > 1:
		return &usageError{"-o with several files", "give one file, or -c to write all of them to standard output"}
	case (a.mode == modeTest || a.mode == modeList) && (a.output != "" || a.stdout || a.remove):
		return &usageError{"-t and -l write no file: -o, -c and --rm make no sense with them", ""}
	case a.remove && (a.stdout || a.output == "-"):
		return &usageError{"--rm with standard output", "what a pipe did with the output cannot be known; delete the source yourself"}
	case a.remove && slices.Contains(files, "-"):
		return &usageError{"--rm with standard input", "name the file"}
	case a.json && a.mode != modeList:
		return &usageError{"--json is for -l, model and version", ""}
	case a.chunkSize > stream.MaxChunkSize:
		return &usageError{"--chunk-size is at most 1GiB", ""}
	}
	if a.model != "" {
		// Decompressing, -m names one more place to look: it must at least be there.
		if _, err := a.store.Locate(a.model); err != nil {
			return &usageError{err.Error(), hintFor(err)}
		}
	}
	return nil
}

func (a *app) newStore(backend models.Backend) *models.Store {
	path := models.SearchPath()
	if a.model != "" && a.model != models.EmbeddedName {
		path = append([]string{a.model}, path...)
	}
	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "lmz")
	}
	llama.SetLogger(a.ui.logger())
	return models.NewStore(models.Options{Path: path, CacheDir: cache, Backend: backend})
}
