package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
)

// What needs SDKs or a database is in programs of its own, so that lmz stays small and starts at
// once: lmz-cloud is this command with object stores (build tag cloud), lmz-job works off lists of
// objects.

// newJobCommand is lmz job, which is the program lmz-job.
func newJobCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "job COMMAND",
		Short:              "Plan, run and audit the compression of many files or objects",
		DisableFlagParsing: true,
		ValidArgsFunction:  completeJob,
		RunE:               func(_ *cobra.Command, args []string) error { return runProgram("lmz-job", args) },
	}
}

// completeJob completes what comes after lmz job with what lmz-job says, in the protocol of cobra:
// a line for each choice, then what else shells may complete with.
func completeJob(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	path, err := findProgram("lmz-job")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	said, err := exec.Command(path, slices.Concat([]string{cobra.ShellCompRequestCmd}, args, []string{begun})...).Output()
	// Flags are told of as by its help, which finds the names of values in quotes.
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(said), "`", ""), "\n"), "\n")
	last := lines[len(lines)-1]
	directive, number := strconv.Atoi(strings.TrimPrefix(last, ":"))
	if err != nil || number != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return lines[:len(lines)-1], cobra.ShellCompDirective(directive)
}

// namesObject says whether an argument, or what a flag has as its value, is the URL of an object.
func namesObject(arg string) bool {
	if strings.HasPrefix(arg, "-") {
		if _, value, ok := strings.Cut(arg, "="); ok {
			arg = value
		} else {
			arg = strings.TrimLeft(arg, "-cdfkqv")
			arg = strings.TrimPrefix(strings.TrimPrefix(arg, "o"), "D")
		}
	}
	return remote.IsURL(arg)
}

// runProgram runs another program of lmz in place of this one: the one that lies next to it, or
// else the first in $PATH.
func runProgram(name string, args []string) error {
	path, err := findProgram(name)
	if err != nil {
		return err
	}
	return replace(path, append([]string{name}, args...))
}

func findProgram(name string) (string, error) {
	beside := []string{os.Args[0]} // for where there is no /proc
	if self, err := os.Executable(); err == nil {
		beside = []string{self, os.Args[0]}
	}
	for _, self := range beside {
		if !strings.ContainsRune(self, filepath.Separator) {
			continue // the shell has found it in $PATH
		}
		if self, err := filepath.EvalSymlinks(self); err == nil {
			if path, err := exec.LookPath(filepath.Join(filepath.Dir(self), name)); err == nil {
				return path, nil
			}
		}
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return "", ui.Hinted(name+" is not installed", "releases have it in lmz-cloud, and make builds it; it belongs next to lmz or into $PATH")
	}
	return path, err
}
