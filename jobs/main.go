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
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker, or else is that of the module.
var version = "unknown"

func main() {
	log.SetOutput(io.Discard) // SDKs say there what their errors say too
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command().ExecuteContext(ctx)
	var failed failures
	switch {
	case errors.As(err, &failed):
		fmt.Fprintln(os.Stderr, "lmz job: error:", err)
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "lmz job: error:", err)
		os.Exit(2)
	}
}

// failures is how many objects could not be archived.
type failures int

func (n failures) Error() string {
	return fmt.Sprintf("%d objects failed: see lmz job report; lmz job resume tries them again", int(n))
}

// programVersion is what the linker was told, or what go install knows.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "unknown" && info.Main.Version != "" {
		return info.Main.Version
	}
	return version
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:         "lmz-job",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "lmz job"},
		Short:       "Plan, run and audit the compression of many files or objects",
		Long: `Plan, run and audit the compression of many files or objects.

SOURCE and DEST are folders, or buckets with a prefix: s3://logs/2026/,
gs://…, azblob://…. Each object becomes DEST/its key.lmz, small ones of a folder
together one NAME.tar.lmz, and is

  read, as one version, and compressed; each chunk is decoded and compared,
  put, where there is nothing yet,
  read back and compared, and only then
  kept, tagged or deleted, as --source says.

What was done is in a database (--db). A run that was killed goes on with lmz
job run again, or lmz job worker; nothing is done twice.

Exit codes: 0 all is archived; 1 objects failed; 2 something else did.`,
		Version:      programVersion(),
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetVersionTemplate("lmz job {{.Version}}\n")
	root.CompletionOptions.DisableDefaultCmd = true
	// No help is wider than 80 columns.
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "FlagUsages |", "FlagUsagesWrapped 80 |"))
	root.AddCommand(planCommand(), runCommand(), workerCommand(), statusCommand(), resumeCommand(), cancelCommand(), reportCommand())
	return root
}
