// Mutate checks that tests hold the format still: it changes each constant that bears on the bytes
// of archives by one, one at a time, and runs the tests that must notice.
//
//	go run ./tools/mutate [-n sample] [-seed n] [-list] [-only regexp] [-exempted] [-exempt file]
//
// It is run at the root of the tree. Exit code 1: a change was not noticed, and the file of
// exemptions does not say why none need notice it.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"
)

func main() {
	var (
		sample  = flag.Int("n", 0, "try only so many, chosen by the seed; 0: all")
		seed    = flag.Uint64("seed", 1, "of the sample")
		list    = flag.Bool("list", false, "only list what would be changed")
		only    = flag.String("only", "", "try only those whose name matches this regular expression")
		excused = flag.Bool("exempted", false, "try those that are exempt, too")
		file    = flag.String("exempt", "tools/mutate/exempt.txt", "lines of names and reasons")
		workers = flag.Int("workers", runtime.NumCPU(), "changes tried at once")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	survived, err := run(ctx, *sample, *seed, *list, *excused, *only, *file, *workers)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if survived > 0 {
		os.Exit(1)
	}
}

func run(ctx context.Context, sample int, seed uint64, list, exempted bool, only, exemptions string, workers int) (survived int, err error) {
	var all []*mutant
	for _, t := range targets {
		found, err := find(".", t)
		if err != nil {
			return 0, err
		}
		all = append(all, found...)
	}
	exempt, err := readExempt(exemptions, all)
	if err != nil {
		return 0, err
	}
	re, err := regexp.Compile(only)
	if err != nil {
		return 0, err
	}
	tried := slices.DeleteFunc(slices.Clone(all), func(m *mutant) bool {
		return exempt[m.name()] != "" && !exempted || !re.MatchString(m.name())
	})
	if sample > 0 && sample < len(tried) {
		r := rand.New(rand.NewPCG(seed, 0))
		r.Shuffle(len(tried), func(i, j int) { tried[i], tried[j] = tried[j], tried[i] })
		tried = tried[:sample]
	}
	fmt.Printf("%d constants, %d of them exempt; %d to be changed, seed %d\n", len(all), len(exempt), len(tried), seed)
	if list {
		for _, m := range tried {
			fmt.Println(m)
		}
		return 0, nil
	}
	return try(ctx, tried, exempt, workers)
}

// try changes one constant after the other and prints what became of it.
func try(ctx context.Context, tried []*mutant, exempt map[string]string, workers int) (survived int, err error) {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		next  = make(chan *mutant)
		lost  []*mutant
		done  int
		begin = time.Now()
	)
	for range workers {
		group.Go(func() {
			for m := range next {
				start := time.Now()
				by, wrong := m.test(ctx)
				mu.Lock()
				switch done++; {
				case wrong != nil:
					err = wrong
				case by == "" && exempt[m.name()] != "":
					fmt.Printf("%d/%d exempt    %s: %s\n", done, len(tried), m, exempt[m.name()])
				case by == "":
					lost = append(lost, m)
					fmt.Printf("%d/%d SURVIVED  %s\n", done, len(tried), m)
				default:
					fmt.Printf("%d/%d noticed   %s: %s, %.1fs\n", done, len(tried), m, by, time.Since(start).Seconds())
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range tried {
		mu.Lock()
		stop := ctx.Err() != nil || err != nil
		mu.Unlock()
		if stop {
			break
		}
		next <- m
	}
	close(next)
	group.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	fmt.Printf("%d changed, %d not noticed, in %v\n", done, len(lost), time.Since(begin).Round(time.Second))
	for _, m := range lost {
		fmt.Printf("not noticed: %s\n", m)
	}
	return len(lost), err
}
