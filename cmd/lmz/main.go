// Command lmz compresses files with a language model, losslessly, and gives them back.
//
// It behaves as zstd and xz do where this file is silent. Exit codes: 0 when all went well, 1 when something
// failed, 2 for wrong usage or when a file was skipped with a warning and nothing failed.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/lmz-go/lmz/models"
)

// version is set by the linker.
var version = "unknown"

const (
	exitOK      = 0
	exitFailure = 1
	exitWarning = 2 // also wrong usage
)

func main() {
	os.Exit(run(os.Args[1:], nil))
}

// run is the whole command; a nil backend opens models with libllama.
func run(args []string, backend models.Backend) int {
	a := &app{ui: newUI(os.Stderr)}
	a.pending.handleSignals(a.ui)
	defer a.close()

	root := newRootCommand(a, backend)
	root.SetArgs(args)
	err := root.Execute()
	var usage *usageError
	var status exitStatus
	switch {
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		a.ui.failure(err)
		return exitWarning
	case err != nil:
		a.pending.diePiped(a.ui, err)
		a.ui.failure(err)
		return exitFailure
	case a.failed:
		return exitFailure
	case a.warned:
		return exitWarning
	}
	return exitOK
}

// exitStatus is the exit code of a command that has codes of its own. All has been said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit code %d", int(s)) }

// app is one run of the command.
type app struct {
	options
	ui      *ui
	store   *models.Store
	pending pendingOutput

	failed bool // some file failed
	warned bool // some file was skipped
}

func (a *app) close() {
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			a.ui.warning("", err.Error())
		}
	}
}

// each runs do on every file; one that fails does not keep the others from being tried.
func (a *app) each(files []string, do func(name string) error) error {
	for _, name := range files {
		err := do(name)
		var skip *skipError
		switch {
		case errors.As(err, &skip):
			a.warned = true
			a.ui.skipped(name, skip)
		case err != nil:
			a.pending.diePiped(a.ui, err)
			a.failed = true
			a.ui.failure(&fileError{name, err})
		}
	}
	return nil
}
