//go:build unix

// Fit trains a model on the CPU with package internal/train: the pipeline's fast trainer.
//
// usage:
//
//	fit [options] OUT RUN                train on OUT/tokens.u16 (tokenizer.py); a stopped run goes on
//	fit -export FILE [options] OUT RUN   write the run's model as GGUF
//	fit -sample OUT RUN                  write RUN/sample.json for `check`
//	fit -compare FILE SAMPLE             fail unless FILE's loss is that of a sample.json, for every kernel of this machine
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	o := defaults()
	export := flag.String("export", "", "write the model of RUN to this GGUF `file`, and stop")
	form := flag.String("type", "q8_0", "with -export: f32, f16, q8_0 or q4_0")
	name := flag.String("name", "lmz", "with -export: general.name")
	sample := flag.Int("sample", 0, "write RUN/sample.json with this many windows per source, and stop")
	compare := flag.String("compare", "", "compare the loss of this GGUF `file` with the sample.json given, and stop")
	tolerance := flag.Float64("tolerance", 0.01, "with -compare: relative difference of the mean loss that is allowed")
	o.flags(flag.CommandLine)
	flag.Parse()

	var err error
	switch args := flag.Args(); {
	case *compare != "" && len(args) == 1:
		err = compareLoss(*compare, args[0], *tolerance)
	case *compare != "" || len(args) != 2:
		flag.Usage()
		os.Exit(2)
	case *export != "":
		err = exportModel(args[0], args[1], *export, *form, *name)
	case *sample > 0:
		err = writeSample(args[0], args[1], *sample, o)
	default:
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
		err = run(args[0], args[1], o, stop)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fit:", err)
		os.Exit(1)
	}
}
