package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/stream"
)

var longHelp = `Compress logs and other files, losslessly, and give them back.

Without FILE, also with -r, or for FILE "-", lmz reads standard input and writes
standard output. FILE becomes FILE.lmz, with its mode and times; FILE itself is
kept. A file that is called as a command below is given as ./FILE.

Presets, from the fastest to the smallest; the last one given counts:

` + presetTable() + `
Memory is what each thread (-T) takes, 25 MiB where it sorts blocks (bwt); the
state that chunks start from takes as much once more, a model and the chunks
themselves come on top. Decompressing takes the same. With -m every preset asks
the model, with --no-model none does.

Pipes and devices are skipped, unless -c, -o or -f say that they are meant (with
-t and --append, -f). A file that grows is compressed as it was when it was
opened. Zeros of what is decompressed become holes of files.

Of several files, those of one chunk are coded at the same time, one on each
core, and larger ones one after the other, each on all of them; --memlimit is
for all of these together.

Where a file is named, a URL may be, and where a folder is, one of objects below
it: lmz -r --output-dir s3://archives s3://logs/2026.

Exit codes: 0 all went well; 1 something failed; 2 wrong usage, or a file was
skipped or changed while it was read, which is a warning, and nothing failed.
Damage to an archive that parity repairs is a warning with -d and -l, and a
failure with -t. What there is of an archive that lmz is writing is read with a
warning, and 0.

Called as unlmz, lmz is lmz -d; as lmzcat, lmz -dcf; as lmzgrep, lmz grep. Flags
in $LMZ_OPT come in front of those given, and $LMZ_LEVEL is the preset where
none is.`

const examples = `  lmz app.log                 compress app.log to app.log.lmz
  lmz -d app.log.lmz          give app.log back
  lmz -9 app.log              the same, smaller and slower
  lmz --rm *.log              compress, verify, delete the originals
  lmz -r --rm --output-dir /archive logs
                              a folder, into a tree of the same shape
  lmz --append -o all.lmz *.log
                              compress to the end of an archive
  tail -F app.log | lmz --flush-every 5s -o live.lmz
                              follow a log; lmz -dc live.lmz reads what there is
  lmz -dc a.lmz b.lmz | less  read archives
  lmz cat --lines -20: a.lmz  read the last lines of one
  lmz cat --since 06:00 --until 07:00 a.lmz
                              read the lines of an hour of today
  lmz grep -n timeout a.lmz   find lines, decompressing little of it
  lmz explain app.log.lmz     see where its bits go
  tar c logs | lmz >logs.tar.lmz
  lmz train *.log -o my.gguf  make a model of logs, for lmz -m my.gguf`

// rootCommand is lmz without the name of a command: it compresses, or what -d, -t and -l say.
type rootCommand struct {
	*app
	mode
	append, one bool
	proof       string
	sources
	keep     bool
	longHelp bool
	destination
	coding
	compression
	removal
	keepGoing bool
}

func newRootCommand(a *app) *cobra.Command {
	_, cmd := newRoot(a)
	return cmd
}

func newRoot(a *app) (*rootCommand, *cobra.Command) {
	r := &rootCommand{app: a}
	cmd := &cobra.Command{
		Use:           "lmz [flags] [FILE]...",
		Short:         "Compress logs and other files, losslessly",
		Long:          longHelp,
		Example:       examples,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       programVersion(),
		PersistentPreRunE: func(of *cobra.Command, args []string) error {
			if err := a.checkEmpty(of, args); err != nil {
				if of.HasParent() {
					return err
				}
				return underEnvironment(err)
			}
			if err := a.chooseDevice(); err != nil {
				return err
			}
			if a.exactDevice && r.lanes == 0 {
				r.lanes = exactLanes
			}
			a.openStore()
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if r.longHelp {
				return cmd.Help()
			}
			if err := checkCommand(cmd, files); err != nil {
				return err
			}
			if len(files) == 0 && r.sources.list == "" {
				if r.recursive && term.IsTerminal(0) {
					return ui.Usage("-r without FILE reads standard input, which is the terminal", "lmz -r . takes the folder that you are in")
				}
				files = []string{"-"}
			}
			r.primed = cmd.Flags().Changed("primer-size")
			if err := r.check(files); err != nil {
				return underEnvironment(err)
			}
			err := r.run(cmd.Context(), files)
			if r.mode != lists {
				err = errors.Join(err, a.printReport())
			}
			return err
		},
	}
	cmd.SetVersionTemplate("lmz {{.Version}}\n")
	cmd.SetFlagErrorFunc(flagError)
	setHelp(cmd)
	cmd.SetHelpCommand(newHelpCommand())
	cmd.SetOut(os.Stdout)
	a.addFlags(cmd.PersistentFlags())
	r.addFlags(cmd.Flags())
	cmd.AddCommand(newCatCommand(a), newDictCommand(a), newExplainCommand(a), newGrepCommand(a), newJobCommand(), newModelCommand(a), newProveCommand(a), newRepairCommand(a), newTrainCommand(a),
		newVersionCommand(a))
	cmd.ValidArgsFunction = func(of *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if r.mode == compresses {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return completeArchives(of, args, typed)
	}
	a.addCompletion(cmd)
	return r, cmd
}

func (r *rootCommand) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	r.mode.addFlags(f)
	f.BoolVarP(&r.stdout, "stdout", "c", false, "write to standard output")
	f.StringVarP(&r.output, "output", "o", "", "write to this `FILE` (\"-\" is standard output)")
	r.sources.addFlags(f)
	f.BoolVar(&r.one, "one", false, "make one archive of all files, that of a tar in which they share what they have in common; lmz cat --member gives one back, and tar all")
	f.StringVar(&r.dir, "output-dir", "", "write to this `FOLDER`, or below this URL, under the paths by which files are named, or the keys of objects; what is missing of it is made")
	f.VarP(&r.suffix, "suffix", "S", "what is added to the names of archives, and taken from them")
	f.BoolVar(&r.existing, "skip-existing", false, "leave files alone whose result is there already")
	f.BoolVar(&r.append, "append", false, "compress to the end of the archive that -o names, which is made if there is none")
	f.StringVar(&r.proof, "proof", "", "with --append, write the proof to this `FILE` that the archive is what it was, and more: see lmz prove --from")
	f.DurationVar(&r.flushEvery, "flush-every", 0, `while compressing, write what has come once in this `+"`DURATION`"+`, such as 5s, so that the archive can be read meanwhile; an interrupt ends the input. Chunks get short: --dict helps`)
	f.BoolVarP(&r.force, "force", "f", false, "overwrite files without a question; write compressed data to a terminal; with -dc, write what is no archive as it is")
	f.BoolVar(&r.noSparse, "no-sparse", false, "when decompressing, write zeros rather than leave holes in files")
	f.BoolVar(&r.keepGoing, "keep-going", false, "when decompressing, go on behind damage with what is intact; each loss is said, and the exit code is 1")
	f.BoolVarP(&r.keep, "keep", "k", false, "keep the source (the default)")
	f.BoolVar(&r.verify, "verify", false, "when compressing, decode each chunk before it is written; one that does not come back is stored by another method (implied where a GPU computes a class of its own)")
	f.BoolVar(&r.remove, "rm", false, "delete the source after success; compressing implies --verify, and the archive's file and the source are read again and compared first")
	f.VarP((*threads)(&r.workers), "threads", "T", "chunks coded at once, each on one of so many `CORES` (0: all); changes no byte of the output")
	f.IntVar(&r.lanes, "lanes", 0, "chunks each core steps through the model together, so `MANY` (0: 8); changes no byte of the output")
	r.encoding.addFlags(f)
	f.StringArrayVarP(&r.dictFiles, "dict", "D", nil, "dictionary in a `FILE` that mix starts from (see lmz dict), also needed to decompress; there, several may be given")
	r.encoding.addSizes(f)
	f.VarP(&r.memLimit, "memlimit", "M", "compress with fewer threads to keep to this; refuse archives that need more memory to decompress (0: no limit; the default of 1GiB)")
	r.addModel(f)
	r.addClass(f)
	r.addJSON(f)
	f.BoolVarP(&r.noWarn, "no-warn", "Q", false, "end with 0 also if files were skipped")
	f.BoolP("version", "V", false, "show the version (lmz version shows more)")
	f.BoolP("help", "h", false, "help, the short one with -h")
	f.BoolVarP(&r.longHelp, "long-help", "H", false, "the same as --help")
}

// check finds options that contradict each other before any file is touched.
func (r *rootCommand) check(files []string) error {
	switch {
	case r.keep && r.remove:
		return ui.Usage("-k and --rm exclude each other", "")
	}
	if err := r.encoding.check(); err != nil {
		return err
	}
	if err := r.coding.check(); err != nil {
		return err
	}
	if err := r.checkOne(); err != nil {
		return err
	}
	if err := r.sources.check(); err != nil {
		return err
	}
	if err := r.destination.check(); err != nil {
		return err
	}
	readOnly := r.mode == tests || r.mode == lists
	switch {
	case r.append && r.mode != compresses:
		return ui.Usage("--append is for compressing", "")
	case r.append && (r.output == "" || r.output == "-"):
		return ui.Usage("--append wants -o ARCHIVE", "to append to standard output, redirect it with >>")
	case r.proof != "" && !r.append:
		return ui.Usage("--proof is for --append", "see lmz prove")
	case r.append && (r.dir != "" || r.existing):
		return ui.Usage("--append excludes --output-dir and --skip-existing", "")
	case readOnly && (r.dir != "" || r.existing):
		return ui.Usage("-t and -l write no file: --output-dir and --skip-existing make no sense with them", "")
	case r.flushEvery > 0 && r.many():
		return ui.Usage("--flush-every excludes -r and --files0", "")
	case r.append && r.flushEvery > 0:
		return ui.Usage("--append and --flush-every exclude each other", "an archive is replaced when it is complete; to be read meanwhile, redirect standard output with >>")
	case r.flushEvery < 0 || r.flushEvery > 0 && r.mode != compresses:
		return ui.Usage("--flush-every is for compressing, and not negative", "")
	case r.flushEvery > 0 && r.remove:
		return ui.Usage("--flush-every and --rm exclude each other", "")
	case r.output != "" && (len(files) > 1 || r.many()) && !r.append && !r.one:
		return ui.Usage("-o with several files", "give one file, or -c to write all of them to standard output")
	case readOnly && (r.output != "" || r.stdout || r.remove):
		return ui.Usage("-t and -l write no file: -o, -c and --rm make no sense with them", "")
	case r.remove && (r.stdout || r.output == "-"):
		return ui.Usage("--rm with standard output", "what a pipe did with the output cannot be known; delete the source yourself")
	case r.remove && slices.Contains(files, "-"):
		return ui.Usage("--rm with standard input", "name the file")
	}
	if r.json && !readOnly && (r.stdout || r.output == "-" || r.output == "" && slices.Contains(files, "-")) {
		return ui.Usage("--json with standard output", "name the output with -o")
	}
	if r.mode == compresses {
		if err := r.checkMethod(r.model, len(r.dictFiles)); err != nil {
			return err
		}
	}
	if err := r.checkModel(r.mode != compresses); err != nil {
		return err
	}
	return r.readDictionaries(r.files)
}

func (r *rootCommand) run(ctx context.Context, files []string) error {
	switch {
	case r.mode != compresses:
		r.folders = "-r takes the archives in it"
	case r.one:
		r.folders = "-r takes the files in it"
	default:
		r.folders = "-r takes the files in it, -r --one makes one archive of them"
	}
	files, err := r.sources.expand(r.app, files, r.mode != compresses, r.isArchive)
	if err != nil {
		return err
	}
	if r.remove && slices.Contains(files, "-") {
		return ui.Usage("--rm with standard input", "name the file")
	}
	switch {
	case r.mode == lists:
		if err := r.checkStdout(); err != nil {
			return err
		}
		return (&listCommand{r.app}).run(files)
	case r.mode == tests:
		return (&testCommand{reading{app: r.app, coding: r.coding}, r.force}).run(ctx, files)
	case r.mode == decompresses:
		return (&decompressCommand{reading{app: r.app, coding: r.coding}, r.destination, r.removal, r.keepGoing}).run(ctx, files)
	}
	compress := compressCommand{app: r.app, destination: r.destination, coding: r.coding, compression: r.compression, removal: r.removal, tally: new(tally), many: r.many(), writing: &writing{writers: map[writerKind]*stream.Writer{}}}
	compress.verify = compress.verify || lanesOf(r.class) > 0 // as the library does; here with what it finds
	if r.one && compress.chunkSize == 0 {
		compress.chunkSize = ui.ByteSize(max(oneChunkSize, compress.oneChunk()))
	}
	if err := compress.fitMemory(files, r.one); err != nil {
		return err
	}
	if r.one {
		if r.stdout {
			compress.output = "-"
		}
		return (&oneCommand{compress}).run(ctx, files)
	}
	if r.append {
		return (&appendCommand{compress, r.proof}).run(ctx, files)
	}
	return compress.run(ctx, files)
}
