package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/stream"
)

var longHelp = `Compress files with a language model, losslessly, and give them back.

Without FILE, or for FILE "-", lmz reads standard input and writes standard
output. FILE becomes FILE.lmz, with its mode and times; FILE itself is kept.
A file that is called as a command below is given as ./FILE.

Presets, from the fastest to the smallest; the last one given counts:

` + presetTable() + `
Memory is what each thread (-T) takes; the state that chunks start from takes as
much once more, a model and the chunks themselves come on top. Decompressing
takes the same. With -m every preset asks the model, with --no-model none does.

Pipes and devices are skipped, unless -c, -o or -f say that they are meant (with
-t and --append, -f). A file that grows is compressed as it was when it was
opened. Zeros of what is decompressed become holes of files.

With -r or --files0, files of one chunk are compressed at the same time, one on
each core, and larger ones one after the other, each on all of them; --memlimit
is for all of these together.

Exit codes: 0 all went well; 1 something failed; 2 wrong usage, or a file was
skipped or changed while it was read, which is a warning, and nothing failed.
Damage to an archive that could be repaired is a warning with -d and -l, and a
failure with -t.`

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
                              read the lines of an hour
  lmz grep -n timeout a.lmz   find lines, decompressing little of it
  lmz explain app.log.lmz     see where its bits go
  tar c logs | lmz >logs.tar.lmz
  lmz train *.log -o my.gguf  make a model of logs, for lmz -m my.gguf`

// rootCommand is lmz without the name of a command: it compresses, or what -d, -t and -l say.
type rootCommand struct {
	*app
	decompress, test, list bool
	append, one            bool
	sources
	keep bool
	destination
	coding
	compression
	removal
}

func newRootCommand(a *app) *cobra.Command {
	r := &rootCommand{app: a}
	cmd := &cobra.Command{
		Use:           "lmz [flags] [FILE]...",
		Short:         "Compress files with a language model, losslessly",
		Long:          longHelp,
		Example:       examples,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			a.openStore()
			return a.chooseDevice()
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if len(files) == 0 {
				switch {
				case r.sources.list != "":
				case r.recursive:
					files = []string{"."}
				default:
					files = []string{"-"}
				}
			}
			r.primed = cmd.Flags().Changed("primer-size")
			if err := r.check(files); err != nil {
				return err
			}
			return r.run(cmd.Context(), files)
		},
	}
	cmd.SetFlagErrorFunc(func(of *cobra.Command, err error) error {
		return ui.Usage(err.Error(), "see "+of.CommandPath()+" --help")
	})
	cmd.SetUsageTemplate(strings.ReplaceAll(cmd.UsageTemplate(), "FlagUsages |", "FlagUsagesWrapped 80 |"))
	cmd.SetOut(os.Stdout)
	a.addFlags(cmd.PersistentFlags())
	r.addFlags(cmd.Flags())
	cmd.AddCommand(newCatCommand(a), newDictCommand(a), newExplainCommand(a), newGrepCommand(a), newJobCommand(), newModelCommand(a), newRepairCommand(a), newTrainCommand(a),
		newVersionCommand(a))
	return cmd
}

func (r *rootCommand) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.BoolVarP(&r.decompress, "decompress", "d", false, "decompress")
	f.BoolVarP(&r.test, "test", "t", false, "decompress and check, write nothing")
	f.BoolVarP(&r.list, "list", "l", false, "list what archives hold, without decompressing; with -v also each chunk")
	f.BoolVarP(&r.stdout, "stdout", "c", false, "write to standard output")
	f.StringVarP(&r.output, "output", "o", "", `write to this file ("-" is standard output)`)
	r.sources.addFlags(f)
	f.BoolVar(&r.one, "one", false, "make one archive of all files, that of a tar in which they share what they have in common; lmz cat --member gives one back, and tar all")
	f.StringVar(&r.dir, "output-dir", "", "write to this `FOLDER`, under the paths by which files are named; what is missing of it is made")
	f.BoolVar(&r.existing, "skip-existing", false, "leave files alone whose result is there already")
	f.BoolVar(&r.append, "append", false, "compress to the end of the archive that -o names, which is made if there is none")
	f.DurationVar(&r.flushEvery, "flush-every", 0, `while compressing, write what has come this often, such as 5s, so that the archive can be read meanwhile; an interrupt ends the input. Chunks get short: --dict helps`)
	f.BoolVarP(&r.force, "force", "f", false, "overwrite files; write compressed data to a terminal")
	f.BoolVar(&r.noSparse, "no-sparse", false, "when decompressing, write zeros rather than leave holes in files")
	f.BoolVarP(&r.keep, "keep", "k", false, "keep the source (the default)")
	f.BoolVar(&r.verify, "verify", false, "when compressing, decode each chunk before it is written; one that does not come back is stored by another method")
	f.BoolVar(&r.remove, "rm", false, "delete the source after success; compressing implies --verify, and the archive's file and the source are read again and compared first")
	f.IntVarP(&r.workers, "threads", "T", 0, "chunks coded at once, each on one core (0: all cores); changes no byte of the output")
	f.IntVar(&r.lanes, "lanes", 0, fmt.Sprintf("chunks each core steps through the model together (0: %d); changes no byte of the output", 8))
	r.encoding.addFlags(f)
	f.StringArrayVar(&r.dictFiles, "dict", nil, `dictionary that mix starts from (see "lmz dict"), also needed to decompress; there, several may be given`)
	r.encoding.addSizes(f)
	f.Var(&r.memLimit, "memlimit", "compress with fewer threads to keep to this; refuse archives that need more memory to decompress (0: no limit; the default of 1GiB)")
}

// compresses says whether no flag asks for something else.
func (r *rootCommand) compresses() bool { return !r.decompress && !r.test && !r.list }

// check finds options that contradict each other before any file is touched.
func (r *rootCommand) check(files []string) error {
	switch {
	case r.decompress && r.test, r.decompress && r.list, r.test && r.list:
		return ui.Usage("-d, -t and -l exclude each other", "")
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
	switch {
	case r.append && !r.compresses():
		return ui.Usage("--append is for compressing", "")
	case r.append && (r.output == "" || r.output == "-"):
		return ui.Usage("--append wants -o ARCHIVE", "to append to standard output, redirect it with >>")
	case r.append && (r.dir != "" || r.existing):
		return ui.Usage("--append excludes --output-dir and --skip-existing", "")
	case (r.test || r.list) && (r.dir != "" || r.existing):
		return ui.Usage("-t and -l write no file: --output-dir and --skip-existing make no sense with them", "")
	case r.flushEvery > 0 && r.many():
		return ui.Usage("--flush-every excludes -r and --files0", "")
	case r.append && r.flushEvery > 0:
		return ui.Usage("--append and --flush-every exclude each other", "an archive is replaced when it is complete; to be read meanwhile, redirect standard output with >>")
	case r.flushEvery < 0 || r.flushEvery > 0 && !r.compresses():
		return ui.Usage("--flush-every is for compressing, and not negative", "")
	case r.flushEvery > 0 && r.remove:
		return ui.Usage("--flush-every and --rm exclude each other", "")
	case r.output != "" && (len(files) > 1 || r.many()) && !r.append && !r.one:
		return ui.Usage("-o with several files", "give one file, or -c to write all of them to standard output")
	case (r.test || r.list) && (r.output != "" || r.stdout || r.remove):
		return ui.Usage("-t and -l write no file: -o, -c and --rm make no sense with them", "")
	case r.verify && !r.compresses():
		return ui.Usage("--verify is for compressing", "-d and -t check everything anyway")
	case r.remove && (r.stdout || r.output == "-"):
		return ui.Usage("--rm with standard output", "what a pipe did with the output cannot be known; delete the source yourself")
	case r.remove && slices.Contains(files, "-"):
		return ui.Usage("--rm with standard input", "name the file")
	}
	if !r.list {
		if err := r.checkNoJSON(); err != nil {
			return err
		}
	}
	if r.compresses() {
		if err := r.checkMethod(r.model, len(r.dictFiles)); err != nil {
			return err
		}
	}
	if err := r.checkModel(); err != nil {
		return err
	}
	return r.readDictionaries()
}

func (r *rootCommand) run(ctx context.Context, files []string) error {
	files, err := r.sources.expand(r.app, files, !r.compresses())
	if err != nil {
		return err
	}
	if r.remove && slices.Contains(files, "-") {
		return ui.Usage("--rm with standard input", "name the file")
	}
	switch {
	case r.list:
		if err := r.checkStdout(); err != nil {
			return err
		}
		return (&listCommand{r.app}).run(files)
	case r.test:
		return (&testCommand{reading{app: r.app, coding: r.coding}, r.force}).run(ctx, files)
	case r.decompress:
		return (&decompressCommand{reading{app: r.app, coding: r.coding}, r.destination, r.removal}).run(ctx, files)
	}
	compress := compressCommand{app: r.app, destination: r.destination, coding: r.coding, compression: r.compression, removal: r.removal, tally: new(tally), many: r.many(), writing: &writing{writers: map[writerKind]*stream.Writer{}}}
	if r.one && compress.chunkSize == 0 {
		compress.chunkSize = ui.ByteSize(max(oneChunkSize, compress.oneChunk()))
	}
	if err := compress.fitMemory(); err != nil {
		return err
	}
	if r.one {
		if r.stdout {
			compress.output = "-"
		}
		return (&oneCommand{compress}).run(ctx, files)
	}
	if r.append {
		return (&appendCommand{compress}).run(ctx, files)
	}
	return compress.run(ctx, files)
}
