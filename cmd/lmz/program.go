//go:build !share

package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

func main() {
	collectLater()
	os.Exit(run(os.Args, nil))
}

// collectLater puts the first garbage collection off until the heap has 20 MB, in place of 4: what
// is there before are tables, of which there is nothing to collect, and a small file is done by
// then. After it the collector is as $GOGC or Go says.
func collectLater() {
	before := debug.SetGCPercent(500)
	if before != 100 { // $GOGC
		debug.SetGCPercent(before)
		return
	}
	runtime.AddCleanup(new(*byte), func(percent int) { debug.SetGCPercent(percent) }, before)
}
