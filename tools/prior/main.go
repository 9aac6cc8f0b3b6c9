// Command prior makes what the context mixer knows before it reads anything (scripts/prior):
//
//	prior text POOL FILE     texts that a language model writes behind invented beginnings: the
//	                         best, by what they share with those of a pool
//	prior learn POOL FOLDER  the weights that models start with, learnt from texts of the pool
//
// What comes out is the same on every machine. No text of the pool becomes part of it: pieces that
// repeat 60 bytes of it are dropped.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/lmz-go/lmz/internal/mix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "prior: %v\n", err)
		os.Exit(1)
	}
}

// written is lines that people know, written by hand.
//
//go:embed lines.txt
var written []byte

func run(ctx context.Context, args []string) error {
	if len(args) == 3 && args[0] == "text" {
		return writeText(ctx, args[1], args[2])
	}
	if len(args) == 3 && args[0] == "learn" {
		return writeWeights(ctx, args[1], args[2])
	}
	return errors.New("usage: prior text POOL FILE, prior learn POOL FOLDER")
}

func writeText(ctx context.Context, pool, file string) error {
	samples, err := sampleAll(ctx)
	if err != nil {
		return err
	}
	text, err := chooseAll(pool, append(samples, written))
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o666)
}

func writeWeights(ctx context.Context, pool, folder string) error {
	texts, err := lessons(pool)
	if err != nil {
		return err
	}
	weights, err := mix.Learn(ctx, texts)
	if err != nil {
		return err
	}
	for name, data := range weights {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o666); err != nil {
			return err
		}
	}
	return nil
}
