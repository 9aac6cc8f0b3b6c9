// Command prior makes what the context mixer knows before it reads anything (scripts/prior):
//
//	prior sample -o FILE        texts that a language model writes behind invented beginnings
//	prior choose -o FILE FILES  the best of these, by what they share with texts of a pool
//	prior learn -o FOLDER       the weights that models start with, learnt from texts of the pool
//
// No text of the pool becomes part of the result: pieces that repeat 60 bytes of it are dropped.
package main

import (
	"context"
	"encoding/gob"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "prior: %v\n", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: prior sample|choose|learn [flags] -o OUT [FILES]")

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ExitOnError)
	out := flags.String("o", "", "write `FILE`, or a folder of them")
	pool := flags.String("pool", "", "`folder` of the training pool: <category>/<source>/<file>")
	model := flags.String("m", "base", "`model` that writes")
	number := flags.Int("n", 3200, "samples")
	temperature := flags.Float64("t", 0.7, "temperature of the samples")
	seed := flags.Uint64("seed", 1, "seed of the samples")
	size := flags.Int("size", 264<<10, "`bytes` to choose")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if *out == "" {
		return errUsage
	}
	switch args[0] {
	case "sample":
		texts, err := sampleAll(ctx, *model, *number, *temperature, *seed)
		if err != nil {
			return err
		}
		return store(*out, texts)
	case "choose":
		return chooseAll(*out, *pool, flags.Args(), *size)
	case "learn":
		texts, err := lessons(*pool)
		if err != nil {
			return err
		}
		weights, err := mix.Learn(ctx, texts)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(*out, 0o777); err != nil {
			return err
		}
		for name, data := range weights {
			if err := os.WriteFile(filepath.Join(*out, name), data, 0o666); err != nil {
				return err
			}
		}
		return nil
	}
	return errUsage
}

// sampleAll draws n texts from the embedded model of this name.
func sampleAll(ctx context.Context, name string, n int, temperature float64, seed uint64) (all [][]byte, err error) {
	store := models.NewStore(models.Options{Embedded: embedded.Models()})
	defer func() { err = errors.Join(err, store.Close()) }()
	m, err := store.Open(ctx, name, "")
	if err != nil {
		return nil, err
	}
	session, err := m.NewSession(lanes, window)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	r := rand.New(rand.NewPCG(seed, 7))
	s := &sampler{model: m, session: session, random: r, temperature: temperature}
	for len(all) < n {
		begin := make([]string, lanes)
		for i := range begin {
			begin[i] = openings{r}.next()
		}
		texts, err := s.draw(ctx, begin)
		if err != nil {
			return nil, err
		}
		all = append(all, texts...)
	}
	return all, nil
}

func store(path string, texts [][]byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(gob.NewEncoder(f).Encode(texts), f.Close())
}

func load(path string) (texts [][]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return texts, gob.NewDecoder(f).Decode(&texts)
}
