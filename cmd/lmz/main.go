// Command lmz compresses logs and other files, losslessly, and gives them back.
//
// It behaves as zstd and xz do where this file is silent. Exit codes: 0 when all went well, 1 when
// something failed, 2 for wrong usage or when a file was skipped, or changed while it was read, and
// nothing failed.
//
// Each command is a type of its own in a file of its own, with the options that its flags set; what
// several share is embedded: app (one run), reading (commands that read archives), coding, encoding
// and destination. What a user sees is written by internal/ui, what is on disk by internal/file.
package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	_ "github.com/lmz-go/lmz/brotli" // the method rank-brotli
	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
	"github.com/lmz-go/lmz/models"
)

// version is set by the linker, or else is that of the module.
var version = "unknown"

const (
	exitOK      = 0
	exitFailure = 1
	exitWarning = 2 // also wrong usage
)

// run is the whole command, called as args[0] says; a nil backend opens models with libllama.
func run(args []string, backend models.Backend) int {
	a := newApp(backend)
	a.signals.handle()
	defer a.close()

	err := execute(a, calledAs(args[0], args[1:]))
	var usage *ui.UsageError
	var status exitStatus
	switch {
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		a.ui.Failure(err)
		return exitWarning
	case err != nil:
		a.signals.diePiped(err)
		a.ui.Failure(err)
		return exitFailure
	case a.failed.Load():
		return exitFailure
	case a.warned.Load() && !a.noWarn:
		return exitWarning
	}
	return exitOK
}

// execute runs the command, or lmz-cloud in its place if it may be about objects of a store. Where
// there is no lmz-cloud none can be opened, but a URL may also be what lmz grep is to find.
func execute(a *app, args []string) error {
	if remote.Registered() == nil && slices.ContainsFunc(args, namesObject) {
		if path, err := findProgram("lmz-cloud"); err == nil {
			return replace(path, append([]string{"lmz-cloud"}, args...))
		}
	}
	root := newRootCommand(a)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	if shells, _, err := root.Find([]string{"completion"}); err == nil && shells != root {
		wantCommand(shells)
		for _, c := range shells.Commands() {
			c.Long = strings.ReplaceAll(c.Long, "your OS's package manager", "your package manager") // or it is too wide
			c.RunE = printCompletion
		}
	}
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return complete(root, args) // what follows is half a command
	}
	cmd, own, err := root.Find(args)
	if err != nil {
		return err
	}
	cmd.InheritedFlags() // brings them to its own
	if err := checkLevels(cmd.Flags(), own); err != nil {
		return err
	}
	switch {
	case cmd.Name() == "grep":
		if flag := ambiguous(args[:max(slices.Index(args, "grep"), 0)]); flag != "" {
			return ui.Usage(flag+" in front of grep", "behind it -v and -q are those of grep; lmz grep --verbose says more")
		}
		args = append([]string{"grep"}, joinDigits(cmd.Flags(), own)...)
	case cmd == root:
		first, err := environmentFlags(a, root, args)
		if err != nil {
			return err
		}
		args = append(first, args...)
	}
	root.SetArgs(args)
	var out printer
	root.SetOut(&out)
	called, err := root.ExecuteC()
	if hint := calledLikeFile(called, args); hint != "" {
		var usage *ui.UsageError
		switch {
		case errors.As(err, &usage):
			return ui.Usage(usage.Error(), hint)
		case err == nil && a.failed.Load():
			a.ui.Hint(hint)
		}
	}
	if out.failed == nil {
		return err
	}
	if called.Name() == "grep" {
		a.signals.diePiped(out.failed)
		a.ui.Failure(out.failed)
		return exitStatus(grepFailed)
	}
	return out.failed
}

// ambiguous is the first of flags of lmz that are others of grep: what was to say more must not find
// all other lines.
func ambiguous(flags []string) string {
	i := slices.IndexFunc(flags, func(f string) bool {
		return f == "--quiet" || strings.HasPrefix(f, "-") && !strings.HasPrefix(f, "--") && strings.ContainsAny(f, "qv")
	})
	if i < 0 {
		return ""
	}
	return flags[i]
}

// printer is standard output for help, and keeps why it cannot be written, which cobra does not
// say.
type printer struct{ failed error }

func (p *printer) Write(b []byte) (n int, err error) {
	to, err := file.Stdout()
	if err == nil {
		n, err = to.Write(b)
	}
	if p.failed == nil {
		p.failed = err
	}
	return n, err
}

// exitStatus is the exit code of a command that has codes of its own. All has been said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit code %d", int(s)) }
