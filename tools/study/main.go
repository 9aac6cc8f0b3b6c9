//go:build unix

// Command study measures how language models do as compressors and decompressors, next to the
// figures that others have published: `make study`, and docs/STUDY.md for what came out.
//
//	study [flags] [quick] [all | TABLE...]
//
// It writes Markdown, CSV and one HTML page. Bits and sizes are the same on every machine where
// they come from methods and models of lmz's own; times are CPU times. Progress, with an estimate
// of the time that is left, goes to standard error.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
)

// names are the files of a report in its folder, by who writes them.
var names = []struct {
	file  string
	write writer
}{
	{"study.md", writeMarkdown},
	{"study.csv", writeCSV},
	{"study.html", writeHTML},
}

func main() {
	if runChild() {
		return
	}
	o := options{}
	folder := flag.String("o", "study-report", "`folder` for the report")
	flag.StringVar(&o.data, "data", "", "`folder` of files to measure, one folder for each class of them: text, logs, …; without it, files of this project")
	flag.StringVar(&o.media, "media", "third_party/media", "`folder` of pictures, speech and flac (scripts/get-media)")
	flag.Func("m", "one more `model`, a name or a GGUF file; may be repeated", func(name string) error {
		o.models = append(o.models, name)
		return nil
	})
	flag.IntVar(&o.bytes, "bytes", 0, fmt.Sprintf("`bytes` of each class of files at most (default %d, and %d with quick)", fullBytes, quickBytes))
	flag.Usage = usage
	flag.Parse()
	wanted, err := o.choose(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "study:", err)
		usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, o, wanted, *folder))
}

// choose says which tables are wanted, all of them by default, and sets quick.
func (o *options) choose(args []string) ([]*table, error) {
	var wanted []*table
	for _, arg := range args {
		i := slices.IndexFunc(tables, func(t *table) bool { return t.name == arg })
		switch {
		case arg == "quick":
			o.quick = true
		case arg == "all":
			wanted = tables
		case i < 0:
			return nil, fmt.Errorf("no table %q", arg)
		default:
			wanted = append(wanted, tables[i])
		}
	}
	if wanted == nil {
		wanted = tables
	}
	return wanted, nil
}

func run(ctx context.Context, o options, wanted []*table, folder string) error {
	s, err := newStudy(ctx, o, wanted)
	if err != nil {
		return err
	}
	defer s.close()
	_, err = s.measure(wanted, func(sections []section) error {
		return writeAll(folder, &page{Head: s.describe(), Sections: sections})
	})
	if err == nil {
		s.say("wrote %s", filepath.Join(folder, names[len(names)-1].file))
	}
	return err
}

// writeAll writes the files of a report.
func writeAll(folder string, p *page) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, n := range names {
		path := filepath.Join(folder, n.file)
		f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
		if err != nil {
			return err
		}
		err = n.write(f, p)
		if err == nil {
			err = f.CloseAtomicallyReplace()
		}
		f.Cleanup() // nothing, once it has replaced
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: study [flags] [quick] [all | TABLE...]\n\ntables:")
	for _, t := range tables {
		fmt.Fprintf(os.Stderr, "  %-14s%s\n", t.name, strings.ToLower(t.title[:1])+t.title[1:])
	}
	fmt.Fprintln(os.Stderr, "\nflags:")
	flag.PrintDefaults()
}

// exit ends the process if there is an error.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "study:", err)
		os.Exit(1)
	}
}
