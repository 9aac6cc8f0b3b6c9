// Command bench measures lmz and prints tables in Markdown: `make bench`. Speeds are ratios measured side by side in one run.
//
//	bench lm     speed of the method lm against bare model steps, and by lanes and workers
//	bench memory peak memory for small and large inputs
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	data := flag.String("data", "../shared/data/bench", "folder of the benchmark files and baselines.tsv")
	flag.Parse()
	tables := map[string]func() error{
		"lm":     func() error { return lmSpeed(*data) },
		"memory": memory,
	}
	table, ok := tables[flag.Arg(0)]
	if !ok {
		fmt.Fprintln(os.Stderr, "usage: bench [-data DIR] lm | memory")
		os.Exit(2)
	}
	if err := table(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
