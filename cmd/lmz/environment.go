package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/preset"
)

// Environment variables that change what lmz does where its own flags are silent. Commands such as
// lmz grep do not read them.
const (
	optVariable   = "LMZ_OPT"   // flags in front of those of the command line, as $XZ_OPT has them
	levelVariable = "LMZ_LEVEL" // the preset where none is given, as $ZSTD_CLEVEL is
)

// environmentFlags gives the flags of LMZ_OPT, and undoes those that do not go with the flags of
// the command line, given. It takes no files, which would be compressed in every call.
func environmentFlags(a *app, root *cobra.Command, given []string) ([]string, error) {
	args := strings.Fields(os.Getenv(optVariable))
	if len(args) == 0 {
		return nil, nil
	}
	if err := checkLevels(root.Flags(), args); err != nil {
		return nil, err
	}
	probe := newRootCommand(newApp(nil)) // whose flags may be set without consequences
	if err := probe.ParseFlags(args); err != nil {
		return nil, ui.Usage("$"+optVariable+": "+flagError(probe, err).Error(), "it holds flags of lmz, with blanks between them")
	}
	if files := probe.Flags().Args(); len(files) > 0 {
		return nil, ui.Usage(fmt.Sprintf("$%s: %q is no flag", optVariable, files[0]), "it holds flags of lmz, with blanks between them")
	}
	a.undone = undone(given, args)
	return append(args, a.undone...), nil
}

// undone are flags that undo what LMZ_OPT says for other calls.
func undone(given, environment []string) (undo []string) {
	_, line := newRoot(newApp(nil))
	r, both := newRoot(newApp(nil))
	// What is wrong in them is found later.
	_ = line.ParseFlags(given)
	_ = both.ParseFlags(append(slices.Clip(environment), given...))
	files := line.Flags().Args()
	off := func(names ...string) {
		for _, name := range names {
			if f := both.Flags().Lookup(name); f.Changed && !line.Flags().Changed(name) {
				undo = append(undo, "--"+name+"="+f.DefValue)
			}
		}
	}
	to := []string{"stdout", "output", "output-dir"} // of which one is enough
	if slices.ContainsFunc(to, line.Flags().Changed) {
		off(to...)
	}
	readOnly := r.mode == tests || r.mode == lists
	if readOnly {
		off(to...)
	}
	if readOnly || r.stdout {
		off("skip-existing")
	}
	if r.mode != compresses {
		off("append", "flush-every", "one", "proof")
	}
	if readOnly || r.stdout || r.output == "-" || len(files) == 0 && r.list == "" || slices.Contains(files, "-") || line.Flags().Changed("keep") {
		off("rm")
	}
	if line.Flags().Changed("rm") {
		off("keep")
	}
	return undo
}

// underEnvironment says what LMZ_OPT holds beside an error of flags, which may be about that.
func underEnvironment(err error) error {
	var usage *ui.UsageError
	text := strings.TrimSpace(os.Getenv(optVariable))
	if text == "" || !errors.As(err, &usage) {
		return err
	}
	hint := "$" + optVariable + " is " + text
	if more := usage.Hint(); more != "" {
		hint = more + "; " + hint
	}
	return ui.Usage(usage.Error(), hint)
}

// environmentLevel is the preset of LMZ_LEVEL, or nil.
func environmentLevel() (*int, error) {
	text := os.Getenv(levelVariable)
	if text == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > preset.Max {
		return nil, ui.Usage(fmt.Sprintf("$%s is %q, want 0 to %d", levelVariable, text, preset.Max), "")
	}
	return &n, nil
}
