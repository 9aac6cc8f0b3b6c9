//go:build unix

// Command mixbench prints the size of files coded by the mixer next to zpaq's, and the CPU time it
// takes.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lmz-go/lmz/internal/mix"
)

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano())
}

func main() {
	level := flag.Int("level", 6, "compression `level`, 0 to 9")
	limit := flag.Int("n", 1<<30, "take the first `bytes` of each file only")
	baselines := flag.String("baselines", "", "baselines.tsv, for the sizes of zpaq -m5 of whole files")
	chunk := flag.Int("chunk", 1<<30, "code chunks of this many `bytes`")
	primer := flag.Int("primer", 0, "prime the chunks with the first `bytes`, coded once")
	decode := flag.Bool("d", false, "decode and compare")
	profile := flag.String("cpuprofile", "", "write a CPU profile to `file`")
	flag.Parse()
	bars := map[string]int{}
	if b, err := os.ReadFile(*baselines); err == nil {
		for _, l := range strings.Split(string(b), "\n") {
			f := strings.Split(l, "\t")
			if n, err := strconv.Atoi(f[len(f)-1]); err == nil {
				bars[filepath.Base(f[0])] = n
			}
		}
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			panic(err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			panic(err)
		}
		defer pprof.StopCPUProfile()
	}
	ctx := context.Background()
	var in, out, zpaq int
	var enc, dec time.Duration
	for _, path := range flag.Args() {
		src, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		src = src[:min(len(src), *limit)]
		t := cpu()
		var coder mix.Coder
		params := mix.Params{Level: *level}
		var chunks, payloads [][]byte
		rest := src
		if *primer > 0 {
			chunks = append(chunks, src[:min(len(src), *primer)])
			rest = src[len(chunks[0]):]
		}
		chunks = slices.AppendSeq(chunks, slices.Chunk(rest, *chunk))
		size := 0
		for i, c := range chunks {
			params.Later = 0
			if i == 0 && *primer > 0 {
				params.Later = *chunk
			}
			p, err := coder.Encode(ctx, params, nil, c)
			if err != nil {
				panic(err)
			}
			if i == 0 && *primer > 0 {
				params.Primed = coder.Take()
			}
			payloads, size = append(payloads, p), size+len(p)
		}
		t = cpu() - t
		enc += t
		in, out = in+len(src), out+size
		bar := bars[filepath.Base(path)]
		fmt.Printf("%-22s %9d %8d", filepath.Base(path), len(src), size)
		if bar > 0 {
			zpaq += bar
			fmt.Printf("  %.4f of zpaq", float64(size)/float64(bar))
		}
		fmt.Printf("  %.3f MB/s", float64(len(src))/1e6/t.Seconds())
		if *decode {
			t := cpu()
			params := mix.Params{Level: *level}
			for i, c := range chunks {
				params.Later = 0
				if i == 0 && *primer > 0 {
					params.Later = *chunk
				}
				back, err := coder.Decode(ctx, params, nil, payloads[i], len(c))
				if err != nil || !bytes.Equal(back, c) {
					panic(fmt.Sprint("round trip: ", err))
				}
				if i == 0 && *primer > 0 {
					params.Primed = coder.Take()
				}
			}
			t = cpu() - t
			dec += t
			fmt.Printf(" %.3f MB/s", float64(len(src))/1e6/t.Seconds())
		}
		fmt.Println()
	}
	fmt.Printf("%-22s %9d %8d", "sum", in, out)
	if zpaq > 0 {
		fmt.Printf("  %.4f of zpaq", float64(out)/float64(zpaq))
	}
	fmt.Printf("  %.3f MB/s", float64(in)/1e6/enc.Seconds())
	if *decode {
		fmt.Printf(" %.3f MB/s", float64(in)/1e6/dec.Seconds())
	}
	fmt.Println()
}
