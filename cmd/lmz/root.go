package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
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
	mode   mode
	stdout bool
	force  bool
	remove bool
	verify bool
	append bool

	flushEvery time.Duration // 0: only at the end

	json      bool
	output    string
	model     string
	class     string
	method    string
	preset    int // 0: the default
	noModel   bool
	noFilter  bool
	dictFiles []string
	workers   int
	lanes     int
	chunkSize byteSize
	primer    byteSize
	primed    bool // primer is given
	memLimit  byteSize

	dictionaries [][]byte // read from dictFiles
}

// methods are the ways to compress that a user may choose.
var methods = map[string]codec.Method{"mix": codec.Mix, "lm": codec.LM, "zstd": codec.Zstd, "raw": codec.Raw}

var longHelp = `Compress files with a language model, losslessly, and give them back.

Without FILE, or for FILE "-", lmz reads standard input and writes standard
output. FILE becomes FILE.lmz, with its mode and times; FILE itself is kept.
A file that is called as a command below is given as ./FILE.

Presets, from the fastest to the smallest; the last one given counts:

` + presetTable() + `
Memory is what each thread (-T) takes; the state that chunks start from takes as
much once more, a model and the chunks themselves come on top. Decompressing
takes the same. With -m every preset asks the model, with --no-model none does.

Exit codes: 0 all went well; 1 something failed; 2 wrong usage, or a file was
skipped with a warning and nothing failed. Damage to an archive that could be
repaired is a warning with -d and -l, and a failure with -t.`

const examples = `  lmz app.log                 compress app.log to app.log.lmz
  lmz -d app.log.lmz          give app.log back
  lmz -9 app.log              the same, smaller and slower
  lmz --rm *.log              compress, verify, delete the originals
  lmz --append -o all.lmz *.log
                              compress to the end of an archive
  tail -F app.log | lmz --flush-every 5s -o live.lmz
                              follow a log; lmz -dc live.lmz reads what there is
  lmz -dc a.lmz b.lmz | less  read archives
  lmz cat --lines -20: a.lmz  read the last lines of one
  lmz grep -n timeout a.lmz   find lines, decompressing little of it
  tar c logs | lmz >logs.tar.lmz
  lmz train *.log -o my.gguf  make a model of logs, for lmz -m my.gguf`

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
			if err := a.check(files, cmd.Flags()); err != nil {
				return err
			}
			ctx := cmd.Context()
			switch a.mode {
			case modeDecompress, modeTest:
				return a.each(files, func(name string) error { return a.decompress(ctx, name) })
			case modeList:
				return a.list(files)
			}
			if a.append {
				return a.appendFiles(ctx, files)
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
	all.StringVarP(&a.model, "model", "m", "", `compress with this model at any preset: a GGUF file, the name of one that "lmz model list" shows, or "embedded" (what presets take); to decompress: a place to look as well`)
	all.StringVar(&a.class, "class", "", "numeric class to compress in with a model, which a machine must have to decompress (default avx2 on x86-64)")
	all.BoolVar(&a.json, "json", false, "print JSON (-l, model, version)")

	f := root.Flags()
	f.SortFlags = false
	f.BoolVarP(&decompress, "decompress", "d", false, "decompress")
	f.BoolVarP(&test, "test", "t", false, "decompress and check, write nothing")
	f.BoolVarP(&list, "list", "l", false, "list what archives hold, without decompressing; with -v also each chunk")
	f.BoolVarP(&a.stdout, "stdout", "c", false, "write to standard output")
	f.StringVarP(&a.output, "output", "o", "", `write to this file ("-" is standard output)`)
	f.BoolVar(&a.append, "append", false, "compress to the end of the archive that -o names, which is made if there is none")
	f.DurationVar(&a.flushEvery, "flush-every", 0, `while compressing, write what has come this often, such as 5s, so that the archive can be read meanwhile; an interrupt ends the input. Chunks get short: --dict helps`)
	f.BoolVarP(&a.force, "force", "f", false, "overwrite files; write compressed data to a terminal")
	f.BoolVarP(&keep, "keep", "k", false, "keep the source (the default)")
	f.BoolVar(&a.verify, "verify", false, "when compressing, decode each chunk before it is written; one that does not come back is stored by another method")
	f.BoolVar(&a.remove, "rm", false, "delete the source after success; compressing implies --verify, and the archive's file and the source are read again and compared first")
	f.IntVarP(&a.workers, "threads", "T", 0, "chunks coded at once, each on one core (0: all cores); changes no byte of the output")
	f.IntVar(&a.lanes, "lanes", 0, fmt.Sprintf("chunks each core steps through the model together (0: %d); changes no byte of the output", stream.DefaultLanes))
	addPresets(f, &a.preset)
	f.StringVar(&a.method, "method", "mix", "how to compress: mix (context mixing, the presets), lm (the language model alone), zstd or raw")
	f.BoolVar(&a.noFilter, "no-filter", false, "leave out the filters, 2 % of the archive or less, that spare lmz grep most of the decompressing")
	f.BoolVar(&a.noModel, "no-model", false, "ask no model, whatever the preset: any lmz can decompress the archive")
	f.StringArrayVar(&a.dictFiles, "dict", nil, `dictionary that mix starts from (see "lmz dict"), also needed to decompress; there, several may be given`)
	f.Var(&a.chunkSize, "chunk-size", "bytes of input in a chunk, the unit of parallel work and of damage (0: by the preset; 64KiB with lm, 1MiB with zstd and raw)")
	f.Var(&a.primer, "primer-size", "bytes of the first chunk with mix, from whose state all others start (0: they start from nothing; by default 256 KiB, 1 MiB for chunks below 1 MiB)")
	f.Var(&a.memLimit, "memlimit", "refuse archives that need more memory than this to decompress (0: the default of 1GiB)")

	root.AddCommand(newCatCommand(a), newDictionaryCommand(a), newGrepCommand(a), newModelCommand(a), newRepairCommand(a), newTrainCommand(a),
		newVersionCommand(a))
	return root
}

// check finds options that contradict each other before any file is touched.
func (a *app) check(files []string, f *pflag.FlagSet) error {
	_, known := methods[a.method]
	switch {
	case !known:
		return &usageError{fmt.Sprintf("unknown method %q", a.method), "methods are mix, lm, zstd and raw"}
	case min(a.workers, a.lanes) < 0 || max(a.workers, a.lanes) > 4096:
		return &usageError{"-T and --lanes take 0 to 4096", ""}
	case a.output != "" && a.stdout:
		return &usageError{"-o and -c exclude each other", ""}
	case a.append && a.mode != modeCompress:
		return &usageError{"--append is for compressing", ""}
	case a.append && (a.output == "" || a.output == "-"):
		return &usageError{"--append wants -o ARCHIVE", "to append to standard output, redirect it with >>"}
	case a.append && a.flushEvery > 0:
		return &usageError{"--append and --flush-every exclude each other", "an archive is replaced when it is complete; to be read meanwhile, redirect standard output with >>"}
	case a.flushEvery < 0 || a.flushEvery > 0 && a.mode != modeCompress:
		return &usageError{"--flush-every is for compressing, and not negative", ""}
	case a.flushEvery > 0 && a.remove:
		return &usageError{"--flush-every and --rm exclude each other", ""}
	case a.output != "" && len(files) > 1 && !a.append:
		return &usageError{"-o with several files", "give one file, or -c to write all of them to standard output"}
	case (a.mode == modeTest || a.mode == modeList) && (a.output != "" || a.stdout || a.remove):
		return &usageError{"-t and -l write no file: -o, -c and --rm make no sense with them", ""}
	case a.verify && a.mode != modeCompress:
		return &usageError{"--verify is for compressing", "-d and -t check everything anyway"}
	case a.remove && (a.stdout || a.output == "-"):
		return &usageError{"--rm with standard output", "what a pipe did with the output cannot be known; delete the source yourself"}
	case a.remove && slices.Contains(files, "-"):
		return &usageError{"--rm with standard input", "name the file"}
	case a.json && a.mode != modeList:
		return &usageError{"--json is for -l, model and version", ""}
	case max(a.chunkSize, a.primer) > stream.MaxChunkSize:
		return &usageError{"--chunk-size and --primer-size are at most 1GiB", ""}
	}
	a.primed = f.Changed("primer-size")
	if a.mode == modeCompress {
		if err := a.checkMethod(f); err != nil {
			return err
		}
	}
	if a.model != "" {
		// Decompressing, -m names one more place to look: it must at least be there.
		if _, err := a.store.Locate(a.model); err != nil {
			return &usageError{err.Error(), hintFor(err)}
		}
	}
	return a.readDictionaries()
}

// checkMethod finds options that the method to compress with has no use for.
func (a *app) checkMethod(f *pflag.FlagSet) error {
	method := methods[a.method]
	switch {
	case method != codec.Mix && a.preset > 0:
		return &usageError{fmt.Sprintf("-%d with --method %s", a.preset, a.method), "presets are levels of the method mix"}
	case method != codec.Mix && (len(a.dictFiles) > 0 || f.Changed("primer-size")):
		return &usageError{"--dict and --primer-size with --method " + a.method, "they are for the method mix"}
	case len(a.dictFiles) > 1:
		return &usageError{"several dictionaries", "only to decompress more than one may be given"}
	case len(a.dictFiles) > 0 && f.Changed("primer-size"):
		return &usageError{"--dict and --primer-size exclude each other", "with a dictionary, all chunks start from it"}
	case a.noModel && (a.model != "" || method == codec.LM):
		return &usageError{"--no-model with -m or --method lm", ""}
	case a.model != "" && method != codec.Mix && method != codec.LM:
		return &usageError{"-m with --method " + a.method, "this method asks no model"}
	}
	return nil
}

// level is that of the method mix.
func (a *app) level() int {
	if a.preset == 0 {
		return stream.DefaultLevel
	}
	return a.preset
}

// asksModel says whether compressing takes a model.
func (a *app) asksModel() bool {
	switch methods[a.method] {
	case codec.LM:
		return true
	case codec.Mix:
		return !a.noModel && (a.model != "" || usesModel(a.level()))
	}
	return false
}

// needsModel says whether compressing cannot do without the model that it takes.
func (a *app) needsModel() bool {
	return methods[a.method] == codec.LM || a.model != "" || a.level() >= modelAlways
}

func (a *app) newStore(backend models.Backend) *models.Store {
	path := models.SearchPath()
	inside := embedded.Models()
	if a.model != "" && a.model != models.EmbeddedName &&
		!slices.ContainsFunc(inside, func(m models.Embedded) bool { return m.Name == a.model }) {
		path = append([]string{a.model}, path...)
	}
	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "lmz")
	}
	llama.SetLogger(a.ui.logger())
	return models.NewStore(models.Options{Embedded: inside, Path: path, CacheDir: cache, Backend: backend})
}
