//go:build unix

// Command check evaluates GGUF models with the engine that the codecs use: exact where it can
// compute the model, else libllama.
//
//	check MODEL sample.json        compares loss and tokens with what the trainer wrote (scripts/train/sample.py)
//	check -quantized F32 Q8_0      compares the exporter's quantization with libllama's
//	check -bits MODEL FILE...      bits per byte of files, in windows as the codecs use them
//	check -speed MODEL FILE...     tokens and bytes per second of one core
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"

	"github.com/lmz-go/lmz/internal/finetune"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
)

func main() {
	bits := flag.Bool("bits", false, "report bits per byte of the files")
	quantized := flag.Bool("quantized", false, "compare the tensors of a Q8_0 file with libllama's from the F32 file")
	speed := flag.Bool("speed", false, "report the speed on the files")
	lanes := flag.Int("lanes", 32, "with -speed: windows in lockstep")
	tolerance := flag.Float64("tolerance", 0.01, "relative difference of loss that passes")
	limit := flag.Int("limit", 256<<10, "bytes of each file at most")
	class := flag.String("class", "", "numeric class; empty: exact, or the default of libllama")
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}
	check := func(path string, files []string) error {
		return run(path, *class, func(m lm.Model) error {
			switch {
			case *bits:
				return reportBits(m, files, *limit)
			case *speed:
				return reportSpeed(m, files, *lanes, *limit)
			}
			return compareAll(m, files, *tolerance)
		})
	}
	if *quantized {
		check = func(path string, files []string) error { return compareQuantized(path, files[0]) }
	}
	if err := check(flag.Arg(0), flag.Args()[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

func run(path, class string, report func(lm.Model) error) error {
	store := models.NewStore(models.Options{Path: []string{path}})
	defer store.Close()
	m, err := store.Open(context.Background(), path, class)
	if err != nil {
		return err
	}
	return report(m)
}

func compareAll(m lm.Model, files []string, tolerance float64) error {
	for _, file := range files {
		if err := compare(m, file, tolerance); err != nil {
			return err
		}
	}
	return nil
}

// score is the cost of tokens[first:] in nats, each predicted from all tokens before it in the same
// window. What is coded costs no more than about 31 bits (coder.CDF), whatever the model thinks.
func score(s lm.Session, tokens []int32, first int, coded bool) (float64, error) {
	ctx, sum := context.Background(), 0.0
	if first > 1 {
		if err := s.Decode(ctx, []lm.Feed{{Tokens: tokens[:first-1]}}); err != nil {
			return 0, err
		}
	}
	for i := first; i < len(tokens); i++ {
		if err := s.Decode(ctx, []lm.Feed{{Pos: i - 1, Tokens: tokens[i-1 : i]}}); err != nil {
			return 0, err
		}
		nats := finetune.Surprise(s.Logits(0).Nats(), tokens[i])
		if coded {
			nats = -math.Log(math.Exp(-nats) + math.Ldexp(1, -31))
		}
		sum += nats
	}
	return sum, nil
}
