// Command mixbench prints the size of files coded by the mixer next to zpaq's, and the CPU time it takes.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lmz-go/lmz/codec/mix"
)

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano())
}

func main() {
	level := flag.Int("level", 6, "compression `level`, 1 to 9")
	limit := flag.Int("n", 1<<30, "take the first `bytes` of each file only")
	baselines := flag.String("baselines", "", "baselines.tsv, for the sizes of zpaq -m5 of whole files")
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
	coder, err := mix.New(*level)
	if err != nil {
		panic(err)
	}
	var in, out, zpaq int
	var enc, dec time.Duration
	for _, path := range flag.Args() {
		src, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		src = src[:min(len(src), *limit)]
		t := cpu()
		dst, err := coder.Encode(nil, src)
		if err != nil {
			panic(err)
		}
		t = cpu() - t
		enc += t
		in, out = in+len(src), out+len(dst)
		bar := bars[filepath.Base(path)]
		fmt.Printf("%-22s %9d %8d", filepath.Base(path), len(src), len(dst))
		if bar > 0 {
			zpaq += bar
			fmt.Printf("  %.4f of zpaq", float64(len(dst))/float64(bar))
		}
		fmt.Printf("  %.3f MB/s", float64(len(src))/1e6/t.Seconds())
		if *decode {
			t := cpu()
			back, err := coder.Decode(nil, dst, len(src))
			if err != nil || !bytes.Equal(back, src) {
				panic(fmt.Sprint("round trip: ", err))
			}
			t = cpu() - t
			dec += t
			fmt.Printf(" %.3f MB/s", float64(len(src))/1e6/t.Seconds())
		}
		fmt.Println()
	}
	fmt.Printf("%-22s %9d %8d  %.4f of zpaq  %.3f MB/s", "sum", in, out, float64(out)/float64(zpaq), float64(in)/1e6/enc.Seconds())
	if *decode {
		fmt.Printf(" %.3f MB/s", float64(in)/1e6/dec.Seconds())
	}
	fmt.Println()
}
