package main

import (
	"fmt"
	"os"
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

// environmentFlags gives the flags of LMZ_OPT. It takes no files, which would be compressed in
// every call.
func environmentFlags(root *cobra.Command) ([]string, error) {
	args := strings.Fields(os.Getenv(optVariable))
	if len(args) == 0 {
		return nil, nil
	}
	if err := checkLevels(root.Flags(), args); err != nil {
		return nil, err
	}
	probe := newRootCommand(newApp(nil)) // whose flags may be set without consequences
	if err := probe.ParseFlags(args); err != nil {
		return nil, ui.Usage("$"+optVariable+": "+err.Error(), "it holds flags of lmz, with blanks between them")
	}
	if files := probe.Flags().Args(); len(files) > 0 {
		return nil, ui.Usage(fmt.Sprintf("$%s: %q is no flag", optVariable, files[0]), "it holds flags of lmz, with blanks between them")
	}
	return args, nil
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
