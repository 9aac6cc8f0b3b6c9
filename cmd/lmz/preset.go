package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/preset"
)

// usesModel says whether a preset asks the model where neither -m nor --no-model is given.
func usesModel(level int) bool { return preset.Level(level).Model != preset.Never }

// presetTable tells users what the presets mean.
func presetTable() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "  preset\tmemory\tchunks\tcodec")
	for n := range preset.Max + 1 {
		p := preset.Level(n)
		name := fmt.Sprintf("-%d", n)
		if n == preset.Default {
			name += " (default)"
		}
		fmt.Fprintf(t, "  %s\t%d MiB\t%d MiB\t%s\n", name, p.Memory>>20, p.ChunkSize>>20, presetSummary(p))
	}
	t.Flush()
	return b.String()
}

// addPresets defines -0 … -9, --fast and --best, the last of which leaves its number in chosen.
func addPresets(f *pflag.FlagSet, chosen **int) {
	for n := range preset.Max + 1 {
		name := fmt.Sprint(n)
		flag := f.VarPF(presetFlag{n, chosen}, name, name, "preset: see above")
		flag.NoOptDefVal, flag.Hidden = "true", true
	}
	f.VarPF(presetFlag{0, chosen}, "fast", "", "the same as -0").NoOptDefVal = "true"
	f.VarPF(presetFlag{preset.Max, chosen}, "best", "", "the same as -9").NoOptDefVal = "true"
}

// presetSummary says how a preset compresses.
func presetSummary(p preset.Preset) string {
	text := "mix"
	switch p.Model {
	case preset.Always:
		text += ", the model"
	case preset.WherePays:
		text += ", the model where it pays"
	}
	if p.Sorted > 0 {
		text += "; bwt for prose"
	}
	return text
}

// checkLevels finds flags such as -19, which would be taken for -1 -9.
func checkLevels(flags *pflag.FlagSet, args []string) error {
	for i, letters := range shortFlags(flags, args) {
		arg := args[i]
		for j := 1; j < letters; j++ {
			if _, is := flags.ShorthandLookup(arg[j : j+1]).Value.(presetFlag); is {
				if n := len(arg) - j - len(strings.TrimLeft(arg[j:], "0123456789")); n > 1 {
					return ui.Usage("there is no preset -"+arg[j:j+n], "they are -0 to -9")
				}
			}
		}
	}
	return nil
}

// presetFlag is one of -0 … -9.
type presetFlag struct {
	number int
	chosen **int
}

func (p presetFlag) Type() string   { return "bool" }
func (p presetFlag) String() string { return "" }

func (p presetFlag) Set(value string) error {
	if value != "true" {
		return errors.New("a preset takes no value")
	}
	*p.chosen = &p.number
	return nil
}
