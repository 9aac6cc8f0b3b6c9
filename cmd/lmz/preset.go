package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/internal/bwt"
	"github.com/lmz-go/lmz/internal/preset"
)

// usesModel says whether a preset asks the model where neither -m nor --no-model is given.
func usesModel(level int) bool { return preset.Level(level).Model != preset.Never }

// presetTable tells users what the presets mean.
func presetTable() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "  preset\tcodec\tmemory\tchunks")
	for n := range preset.Max + 1 {
		p := preset.Level(n)
		codec, name := "mix", fmt.Sprintf("-%d", n)
		if p.Sorted > 0 {
			codec += fmt.Sprintf(" (bwt for prose, in %d MiB)", bwt.Memory(p.ChunkSize)>>20)
		}
		switch p.Model {
		case preset.Always:
			codec += " and the model"
		case preset.WherePays:
			codec += " and the model where it pays"
		}
		if n == preset.Default {
			name += " (default)"
		}
		fmt.Fprintf(t, "  %s\t%s\t%d MiB\t%d MiB\n", name, codec, p.Memory>>20, p.ChunkSize>>20)
	}
	t.Flush()
	return b.String()
}

// addPresets defines -0 … -9, the last of which leaves its number in chosen.
func addPresets(f *pflag.FlagSet, chosen **int) {
	for n := range preset.Max + 1 {
		name := fmt.Sprint(n)
		flag := f.VarPF(presetFlag{n, chosen}, name, name, "preset: see above")
		flag.NoOptDefVal, flag.Hidden = "true", true
	}
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
