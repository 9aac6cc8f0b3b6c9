//go:build unix && !386 && !arm

// Command bench measures lmz and prints tables in Markdown: `make bench`, and docs/BENCHMARKS.md
// for what they said.
//
//	bench [flags] all | TABLE...
//
// Sizes are of whole archives and the same on every machine. Speeds are CPU times, measured in turn
// in one run and given as ratios. Progress is written to standard error.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// options are what the flags say.
type options struct {
	data     string
	files    string // prefix of the files that count
	presets  []int  // nil: those of the table
	quick    bool
	head     int    // bytes
	log      int    // MiB
	pictures string // folder
	times    int
	device   string
	model    string
	lanes    []int // of classes of GPUs
	chunk    int   // bytes, of each lane
	out      io.Writer
}

// progress tells of what takes long.
func (o *options) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// rounds is how often a time is taken; the median counts.
func (o *options) rounds() int {
	if o.quick {
		return 1
	}
	return o.times
}

func (o *options) presetsOr(usual ...int) []int {
	if o.presets != nil {
		return o.presets
	}
	return usual
}

func (o *options) setPresets(list string) error {
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 9 {
			return fmt.Errorf("preset %q is not one of 0 to 9", s)
		}
		o.presets = append(o.presets, n)
	}
	return nil
}

func (o *options) setLanes(list string) error {
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of lanes", s)
		}
		o.lanes = append(o.lanes, n)
	}
	return nil
}

// table is a part of the report.
type table struct {
	name, about string
	run         func(*options) error
}

var tables = []table{
	{"sizes", "archives of the presets, without a model, next to other compressors", sizes},
	{"chunks", "what chunks of 64 KiB cost against a single one", chunks},
	{"grep", "what filters cost, and how many chunks they spare a search", grep},
	{"needle", "how a search finds one of many random ids in a large log", needle},
	{"model", "size with the embedded model and without it, of the first bytes of files", modelGain},
	{"speed", "CPU time of the presets and kanzi against zpaq, logs and prose", speed},
	{"prose", "size and speed of the presets that sort prose against others that sort", prose},
	{"curve", "bytes against speed of all presets and many others, with pictures", curve},
	{"lm", "speed of the method lm against a bare loop of llama_decode", lmSpeed},
	{"gpu", "speed of the method lm on a GPU, by lanes; not part of all", gpuSpeed},
	{"memory", "peak memory for small and large inputs", memory},
	{"start", "CPU time of a process for one small file", start},
}

func main() {
	if s := os.Getenv(childSize); s != "" {
		exit(memoryChild(s))
		return
	}
	o := &options{out: os.Stdout}
	flag.StringVar(&o.data, "data", "../shared/data/bench", "`folder` of the benchmark files, baselines.tsv and strong.tsv")
	flag.StringVar(&o.files, "files", "", "count only files whose names begin with this `prefix`, as loghub-2k/")
	flag.Func("presets", "measure these instead of the table's own, as `1,3`", o.setPresets)
	flag.BoolVar(&o.quick, "quick", false, "one round; only small files, or the first MB of files")
	flag.IntVar(&o.head, "head", 128<<10, "`bytes` of each file in the table model")
	flag.IntVar(&o.log, "log", 200, "`MiB` of the log in the table needle")
	flag.IntVar(&o.times, "rounds", 3, "how `often` times are taken; the median counts")
	flag.StringVar(&o.device, "device", "", "GPU of the table gpu, as `lmz --device` takes it")
	flag.StringVar(&o.model, "model", "nano", "`model` of the table gpu")
	flag.IntVar(&o.chunk, "chunk", 2<<10, "`bytes` of a lane's chunk in the table gpu")
	flag.Func("lanes", "lanes of the table gpu (default 1,7,31,63,127,255)", o.setLanes)
	flag.StringVar(&o.pictures, "pictures", "docs", "`folder` for the pictures of the table curve")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: bench [flags] all | TABLE...\n\ntables:")
		for _, t := range tables {
			fmt.Fprintf(os.Stderr, "  %-8s%s\n", t.name, t.about)
		}
		fmt.Fprintln(os.Stderr, "\nflags:")
		flag.PrintDefaults()
	}
	flag.Parse()
	if o.lanes == nil {
		o.lanes = []int{1, 7, 31, 63, 127, 255}
	}
	wanted := flag.Args()
	for _, name := range wanted {
		if name != "all" && !slices.ContainsFunc(tables, func(t table) bool { return t.name == name }) {
			wanted = nil
		}
	}
	if len(wanted) == 0 || min(o.head, o.times, o.chunk) < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if class := os.Getenv(gpuClass); class != "" {
		exit(gpuChild(o, class))
		return
	}
	for _, t := range tables {
		if slices.Contains(wanted, "all") && t.name != "gpu" || slices.Contains(wanted, t.name) {
			exit(t.run(o))
		}
	}
}

// exit ends the process if there is an error.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
