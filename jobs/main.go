//go:build !share

// Command lmz-job, which is lmz job, compresses many files or objects into archives, each of which
// is proven before its source may be deleted. What is to be done and what was done is kept by DBOS
// Transact in a database: SQLite on one machine, PostgreSQL where several share the work. Who is
// killed goes on where it was.
//
// An object is archived by steps (archive.go), each of which can be done again: after a crash
// between one and its record, it finds what it did before. Exactly once is so by what is in the
// bucket: archives are put only where there is nothing, and compressing the same bytes at the same
// level gives the same bytes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	log.SetOutput(io.Discard) // SDKs say there what their errors say too
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command().ExecuteContext(ctx)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "lmz job: error:", err)
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintln(os.Stderr, "lmz job: hint:", usage.hint)
	}
	var failed failures
	if errors.As(err, &failed) {
		os.Exit(1)
	}
	os.Exit(2)
}
